// A manifest as deterministic CBOR: nested arrays, field by field in the order of the types. Reals are the 32 bits
// of their f32. docs/architecture.md, "The artifact".
import {
  type CborValue,
  decode,
  encode,
  readArray,
  readBytes,
  readInteger,
  readText,
} from "../protocol/cbor.ts";
import { DecodeError, InferenceError } from "../protocol/errors.ts";
import { DIGEST_BYTES, MAX_BLOCKS, MAX_TENSOR_RANK, MAX_TENSORS } from "../protocol/limits.ts";
import {
  DIMENSION_OPS,
  type Dimension,
  type DimensionNode,
  ELEMENT_BYTES,
  type ElementType,
  type LayerReport,
  type Manifest,
  type Op,
  type Port,
  type SizeSymbol,
  type TaskFile,
  type TensorSpec,
  type WeightRange,
} from "./manifest.ts";
import type { Fields, FieldType } from "./operations/define.ts";
import { OPERATION_KINDS, OPERATIONS } from "./operations/operations.ts";

const MANIFEST_VERSION = 2;
/** The largest of those that ship has 133 operations, the longest manifest 10 KB. */
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_OPS = 16_384;
const MAX_MODEL_TENSORS = 16_384;
const MAX_DIMENSION_NODES = 16_384;
const MAX_LAYERS = 16_384;
const MAX_CHUNKS = 64;
const MAX_TEXT_CHARACTERS = 256;
const MAX_OFFSET = 0x7fff_ffff;
const MAX_SYMBOLS = 16;
/** Axes of a permutation, values of a shape: a list in an operation is never longer than a dimension list is. */
const MAX_INTEGERS = 64;
/** Tensors that one operation reads or writes: concat takes many. */
const MAX_OPERANDS = 256;
const MAX_FILES = 16;

/** Kind, inputs and outputs stand before them. */
const MAX_FIELDS = Math.max(...OPERATION_KINDS.map((kind) => Object.keys(OPERATIONS[kind].fields).length));

const DTYPES = Object.keys(ELEMENT_BYTES) as ElementType[];

/** The bytes whose digest is the model digest. Throws RangeError for a real that f32 cannot hold exactly. */
export function encodeManifest(manifest: Manifest): Uint8Array<ArrayBuffer> {
  const { source, memory } = manifest;
  return encode([
    MANIFEST_VERSION,
    manifest.name,
    manifest.task,
    manifest.licence,
    [source.package, source.version, source.digest],
    manifest.compiler,
    manifest.calibration,
    manifest.files.map((file) => [file.name, file.digest, file.bytes]),
    manifest.symbols.map((symbol) => [symbol.name, symbol.min, symbol.max]),
    manifest.dimensions.map(({ op, operands }) => [DIMENSION_OPS.indexOf(op), ...operands]),
    manifest.inputs.map(encodePort),
    manifest.outputs.map(encodePort),
    manifest.tensors.map(encodeTensor),
    manifest.ops.map(encodeOp),
    manifest.blocks,
    manifest.chunks.map((chunk) => [chunk.digest, chunk.bytes]),
    [memory.weights, memory.arena],
    manifest.report.map(({ name, note, signalToNoise }) => [name, note, bitsOf(signalToNoise)]),
  ]);
}

/** Throws DecodeError, and InferenceError manifest_invalid for numbers that do not fit together. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const [version, ...fields] = readArray(
    decode(bytes, { maxBytes: MAX_MANIFEST_BYTES, title: "manifest" }),
    18,
    "manifest",
  );
  if (version !== MANIFEST_VERSION) {
    throw new DecodeError(
      "wrong_version",
      `manifest version is ${version}, this engine reads ${MANIFEST_VERSION}`,
    );
  }
  const [
    name,
    task,
    licence,
    source,
    compiler,
    calibration,
    files,
    symbols,
    dimensions,
    inputs,
    outputs,
    tensors,
    ops,
    blocks,
    chunks,
    memory,
    report,
  ] = fields;
  const [packageName, packageVersion, sourceDigest] = readArray(source, 3, "source");
  const [weightBytes, arenaBytes] = readArray(memory, 2, "memory").map((value) =>
    readOffset(value, "memory"),
  );
  const manifest: Manifest = {
    name: readText(name, MAX_TEXT_CHARACTERS, "name"),
    task: readOptionalText(task, "task"),
    licence: readText(licence, MAX_TEXT_CHARACTERS, "licence"),
    source: {
      package: readOptionalText(packageName, "source package"),
      version: readOptionalText(packageVersion, "source version"),
      digest: readBytes(sourceDigest, DIGEST_BYTES, "source digest"),
    },
    compiler: readText(compiler, MAX_TEXT_CHARACTERS, "compiler"),
    calibration: readBytes(calibration, DIGEST_BYTES, "calibration"),
    files: readList(files, MAX_FILES, "files").map(decodeFile),
    symbols: readList(symbols, MAX_SYMBOLS, "symbols").map(decodeSymbol),
    dimensions: readList(dimensions, MAX_DIMENSION_NODES, "dimensions").map(decodeDimensionNode),
    inputs: readList(inputs, MAX_TENSORS, "inputs").map(decodePort),
    outputs: readList(outputs, MAX_TENSORS, "outputs").map(decodePort),
    tensors: readList(tensors, MAX_MODEL_TENSORS, "tensors").map(decodeTensor),
    ops: readList(ops, MAX_OPS, "operations").map(decodeOp),
    blocks: readList(blocks, MAX_BLOCKS, "blocks").map((block) =>
      readInteger(block, { min: 0, max: MAX_OPS }, "block"),
    ),
    chunks: readList(chunks, MAX_CHUNKS, "chunks").map((chunk) => {
      const [chunkDigest, size] = readArray(chunk, 2, "chunk");
      return {
        digest: readBytes(chunkDigest, DIGEST_BYTES, "chunk digest"),
        bytes: readOffset(size, "chunk bytes"),
      };
    }),
    memory: { weights: weightBytes!, arena: arenaBytes! },
    report: readList(report, MAX_LAYERS, "report").map(decodeLayer),
  };
  checkConsistency(manifest);
  return manifest;
}

function checkConsistency(manifest: Manifest): void {
  const refuse = (reason: string): never => {
    throw new InferenceError("manifest_invalid", `${manifest.name}: ${reason}`);
  };
  const total = manifest.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  if (total !== manifest.memory.weights)
    refuse(`chunks hold ${total} bytes, weights need ${manifest.memory.weights}`);
  const { blocks, tensors } = manifest;
  if (blocks.some((block, index) => block >= manifest.ops.length || block <= (blocks[index - 1] ?? -1))) {
    refuse("blocks are not increasing operation indices");
  }
  for (const { name, tensor } of [...manifest.inputs, ...manifest.outputs]) {
    if (tensor >= tensors.length) refuse(`port ${name} names tensor ${tensor} of ${tensors.length}`);
  }
  for (const [index, { storage }] of tensors.entries()) {
    const range = typeof storage === "number" ? null : storage;
    if (range !== null && range.offset + range.bytes > total)
      refuse(`tensor ${index} reads past the weights`);
  }
  for (const [index, { attributes }] of manifest.ops.entries()) {
    const { weights } = attributes as { weights?: WeightRange };
    if (weights !== undefined && weights.offset + weights.bytes > total)
      refuse(`operation ${index} reads past the weights`);
  }
}

function encodeOp({ kind, inputs, outputs, attributes }: Op): CborValue {
  const values = attributes as Readonly<Record<string, unknown>>;
  const fields: Fields = OPERATIONS[kind].fields;
  const encoded = Object.entries(fields).map(([name, type]) => encodeField(values[name], type));
  // No tensor is written as 0, so that indices need no sign.
  const list = (tensors: readonly number[]) => tensors.map((tensor) => tensor + 1);
  return [OPERATION_KINDS.indexOf(kind), list(inputs), list(outputs), ...encoded];
}

function encodeField(value: unknown, type: FieldType): CborValue {
  switch (type) {
    case "integer":
      return value as Dimension;
    case "integers":
      return value as readonly Dimension[];
    case "real":
      return bitsOf(value as number);
    case "weights":
      return encodeRange(value as WeightRange);
  }
}

function decodeOp(value: unknown): Op {
  const [code, inputs, outputs, ...fields] = readArray(value, { min: 3, max: 3 + MAX_FIELDS }, "operation");
  const kind =
    OPERATION_KINDS[readInteger(code, { min: 0, max: OPERATION_KINDS.length - 1 }, "operation kind")]!;
  const list = (tensors: unknown, title: string) =>
    readList(tensors, MAX_OPERANDS, title).map(
      (tensor) => readInteger(tensor, { min: 0, max: MAX_MODEL_TENSORS }, title) - 1,
    );
  const forms = Object.entries(OPERATIONS[kind].fields as Fields);
  readArray(fields, forms.length, `operation ${kind}`);
  const entries = forms.map(([name, type], index) => [
    name,
    decodeField(fields[index], type, `${kind} ${name}`),
  ]);
  return {
    kind,
    inputs: list(inputs, `inputs of ${kind}`),
    outputs: list(outputs, `outputs of ${kind}`),
    attributes: Object.fromEntries(entries),
  } as Op;
}

function decodeField(value: unknown, type: FieldType, title: string): unknown {
  switch (type) {
    case "integer":
      return readDimension(value, title);
    case "integers":
      return readList(value, MAX_INTEGERS, title).map((item) => readDimension(item, title));
    case "real":
      return readReal(value, title);
    case "weights":
      return decodeRange(value, title);
  }
}

function readDimension(value: unknown, title: string): Dimension {
  if (!Array.isArray(value)) return readInteger(value, { min: -MAX_OFFSET, max: MAX_OFFSET }, title);
  const [node] = readArray(value, 1, title);
  return [readInteger(node, { min: 0, max: MAX_DIMENSION_NODES }, title)];
}

function decodeDimensionNode(value: unknown): DimensionNode {
  const [code, ...operands] = readArray(value, { min: 2, max: 3 }, "dimension");
  const op = DIMENSION_OPS[readInteger(code, { min: 0, max: DIMENSION_OPS.length - 1 }, "dimension kind")]!;
  readArray(operands, op === "symbol" ? 1 : 2, `dimension ${op}`);
  return { op, operands: operands.map((operand) => readDimension(operand, "operand of a dimension")) };
}

function decodeSymbol(value: unknown): SizeSymbol {
  const [name, min, max] = readArray(value, 3, "symbol");
  const least = readInteger(min, { min: 1, max: MAX_OFFSET }, "smallest value of a symbol");
  return {
    name: readText(name, MAX_TEXT_CHARACTERS, "symbol name"),
    min: least,
    max: readInteger(max, { min: least, max: MAX_OFFSET }, "largest value of a symbol"),
  };
}

function decodeFile(value: unknown): TaskFile {
  const [name, fileDigest, bytes] = readArray(value, 3, "file");
  return {
    name: readText(name, MAX_TEXT_CHARACTERS, "file name"),
    digest: readBytes(fileDigest, DIGEST_BYTES, "file digest"),
    bytes: readOffset(bytes, "file bytes"),
  };
}

function encodeTensor({ dtype, shape, scale, zeroPoint, storage }: TensorSpec): CborValue {
  const place = storage === null || typeof storage === "number" ? storage : encodeRange(storage);
  return [DTYPES.indexOf(dtype), shape, bitsOf(scale), zeroPoint, place];
}

function decodeTensor(value: unknown): TensorSpec {
  const [code, shape, scale, zeroPoint, storage] = readArray(value, 5, "tensor");
  return {
    dtype: DTYPES[readInteger(code, { min: 0, max: DTYPES.length - 1 }, "tensor type")]!,
    shape: readList(shape, MAX_TENSOR_RANK, "shape").map((size) => readDimension(size, "dimension")),
    scale: readScale(scale),
    zeroPoint: readInteger(zeroPoint, { min: -128, max: 127 }, "zero point"),
    storage: decodeStorage(storage),
  };
}

function decodeStorage(value: unknown): TensorSpec["storage"] {
  if (value === null) return null;
  if (typeof value === "number")
    return readInteger(value, { min: 0, max: MAX_MODEL_TENSORS }, "shared tensor");
  return decodeRange(value, "constant");
}

function encodeRange({ offset, bytes }: WeightRange): CborValue {
  return [offset, bytes];
}

function decodeRange(value: unknown, title: string): WeightRange {
  const [offset, bytes] = readArray(value, 2, title).map((item) => readOffset(item, title));
  return { offset: offset!, bytes: bytes! };
}

function encodePort({ name, tensor }: Port): CborValue {
  return [name, tensor];
}

function decodePort(value: unknown): Port {
  const [name, tensor] = readArray(value, 2, "port");
  return {
    name: readText(name, MAX_TEXT_CHARACTERS, "port name"),
    tensor: readInteger(tensor, { min: 0, max: MAX_MODEL_TENSORS }, "port tensor"),
  };
}

function decodeLayer(value: unknown): LayerReport {
  const [name, note, signalToNoise] = readArray(value, 3, "layer report");
  return {
    name: readText(name, MAX_TEXT_CHARACTERS, "layer name"),
    note: readOptionalText(note, "layer note"),
    signalToNoise: readReal(signalToNoise, "signal to noise"),
  };
}

function readList(value: unknown, max: number, title: string): readonly unknown[] {
  return readArray(value, { min: 0, max }, title);
}

function readOffset(value: unknown, title: string): number {
  return readInteger(value, { min: 0, max: MAX_OFFSET }, title);
}

function readScale(value: unknown): number {
  const scale = readReal(value, "scale");
  if (scale <= 0) throw new DecodeError("out_of_range", `scale is ${scale}; it must be above 0`);
  return scale;
}

const bits = new DataView(new ArrayBuffer(4));

/** The bits of a finite f32. RangeError for a number that f32 cannot hold exactly. */
function bitsOf(value: number): number {
  if (!Number.isFinite(value) || Math.fround(value) !== value) throw new RangeError(`${value} is not an f32`);
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}

function readReal(value: unknown, title: string): number {
  bits.setUint32(0, readInteger(value, { min: 0, max: 0xffff_ffff }, title));
  const real = bits.getFloat32(0);
  if (!Number.isFinite(real)) throw new DecodeError("out_of_range", `${title} is not a finite number`);
  return real;
}

function readOptionalText(value: unknown, title: string): string | null {
  return value === null ? null : readText(value, MAX_TEXT_CHARACTERS, title);
}
