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
import { DIGEST_BYTES } from "../protocol/limits.ts";
import type { LayerReport, Manifest, Op, Port, TensorSpec, WeightRange } from "./manifest.ts";

const MANIFEST_VERSION = 1;
/** The model that ships has 66 operations and a manifest of 8 KB. */
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_OPS = 16_384;
const MAX_CHUNKS = 64;
const MAX_TEXT = 256;
const MAX_OFFSET = 0x7fff_ffff;
/** Pads, strides, kernels and dilations. */
const MAX_WINDOW = 4096;

type FieldType = "tensor" | "weights" | "pair" | "real";

/** The fields of each kind of operation, in wire order. */
const OP_FIELDS = {
  convert: { input: "tensor", output: "tensor", scale: "real", bias: "real" },
  conv: {
    input: "tensor",
    output: "tensor",
    weights: "weights",
    kernel: "pair",
    strides: "pair",
    dilations: "pair",
    pads: "pair",
    min: "real",
    max: "real",
  },
  dwconv: {
    input: "tensor",
    output: "tensor",
    weights: "weights",
    kernel: "pair",
    strides: "pair",
    pads: "pair",
    min: "real",
    max: "real",
  },
  gemm: { input: "tensor", output: "tensor", weights: "weights", min: "real", max: "real" },
  add: { a: "tensor", b: "tensor", output: "tensor", min: "real", max: "real" },
  avgpool: {
    input: "tensor",
    output: "tensor",
    kernel: "pair",
    strides: "pair",
    pads: "pair",
    min: "real",
    max: "real",
  },
  softmax: { input: "tensor", output: "tensor" },
} as const satisfies {
  [K in Op["kind"]]: Record<Exclude<keyof Extract<Op, { kind: K }>, "kind">, FieldType>;
};

const KINDS = Object.keys(OP_FIELDS) as Op["kind"][];
const DTYPES = ["u8", "qs8", "f32"] as const;

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
    manifest.inputs.map(encodePort),
    manifest.outputs.map(encodePort),
    manifest.tensors.map(({ dtype, shape, scale, zeroPoint }) => [
      DTYPES.indexOf(dtype),
      shape,
      bitsOf(scale),
      zeroPoint,
    ]),
    manifest.ops.map(encodeOp),
    manifest.blocks,
    manifest.chunks.map((chunk) => [chunk.digest, chunk.bytes]),
    [memory.weights, memory.arena],
    manifest.report.map(({ name, signalToNoise }) => [name, bitsOf(signalToNoise)]),
  ]);
}

/** Throws DecodeError, and InferenceError manifest_invalid for numbers that do not fit together. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const [version, ...fields] = readArray(
    decode(bytes, { maxBytes: MAX_MANIFEST_BYTES, title: "manifest" }),
    15,
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
    name: readText(name, MAX_TEXT, "name"),
    task: readText(task, MAX_TEXT, "task"),
    licence: readText(licence, MAX_TEXT, "licence"),
    source: {
      package: readText(packageName, MAX_TEXT, "source package"),
      version: readText(packageVersion, MAX_TEXT, "source version"),
      digest: readBytes(sourceDigest, DIGEST_BYTES, "source digest"),
    },
    compiler: readText(compiler, MAX_TEXT, "compiler"),
    calibration: readBytes(calibration, DIGEST_BYTES, "calibration"),
    inputs: readList(inputs, 64, "inputs").map(decodePort),
    outputs: readList(outputs, 64, "outputs").map(decodePort),
    tensors: readList(tensors, MAX_OPS, "tensors").map(decodeTensor),
    ops: readList(ops, MAX_OPS, "operations").map(decodeOp),
    blocks: readList(blocks, MAX_OPS, "blocks").map((block) =>
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
    report: readList(report, MAX_OPS, "report").map(decodeLayer),
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
  for (const [index, op] of manifest.ops.entries()) {
    if ("weights" in op && op.weights.offset + op.weights.bytes > total)
      refuse(`operation ${index} reads past the weights`);
  }
}

function encodeOp(op: Op): CborValue {
  const fields = Object.entries(OP_FIELDS[op.kind]).map(([name, type]) => {
    const value = (op as unknown as Record<string, unknown>)[name];
    if (type === "weights") return [(value as WeightRange).offset, (value as WeightRange).bytes];
    return type === "real" ? bitsOf(value as number) : (value as CborValue);
  });
  return [KINDS.indexOf(op.kind), ...fields];
}

function decodeOp(value: unknown): Op {
  const [code, ...fields] = readArray(value, { min: 1, max: 16 }, "operation");
  const kind = KINDS[readInteger(code, { min: 0, max: KINDS.length - 1 }, "operation kind")]!;
  const forms = Object.entries(OP_FIELDS[kind]) as [string, FieldType][];
  readArray(fields, forms.length, `operation ${kind}`);
  const entries = forms.map(([name, type], index) => [
    name,
    decodeField(fields[index], type, `${kind} ${name}`),
  ]);
  return { kind, ...Object.fromEntries(entries) } as Op;
}

function decodeField(value: unknown, type: FieldType, title: string): unknown {
  switch (type) {
    case "tensor":
      return readInteger(value, { min: 0, max: MAX_OPS }, title);
    case "real":
      return readReal(value, title);
    case "pair":
      return readArray(value, 2, title).map((size) => readInteger(size, { min: 0, max: MAX_WINDOW }, title));
    case "weights": {
      const [offset, bytes] = readArray(value, 2, title).map((item) => readOffset(item, title));
      return { offset, bytes };
    }
  }
}

function decodeTensor(value: unknown): TensorSpec {
  const [code, shape, scale, zeroPoint] = readArray(value, 4, "tensor");
  return {
    dtype: DTYPES[readInteger(code, { min: 0, max: DTYPES.length - 1 }, "tensor type")]!,
    shape: readList(shape, 8, "shape").map((size) =>
      readInteger(size, { min: 1, max: MAX_OFFSET }, "dimension"),
    ),
    scale: readScale(scale),
    zeroPoint: readInteger(zeroPoint, { min: -128, max: 127 }, "zero point"),
  };
}

function encodePort({ name, tensor }: Port): CborValue {
  return [name, tensor];
}

function decodePort(value: unknown): Port {
  const [name, tensor] = readArray(value, 2, "port");
  return {
    name: readText(name, MAX_TEXT, "port name"),
    tensor: readInteger(tensor, { min: 0, max: MAX_OPS }, "port tensor"),
  };
}

function decodeLayer(value: unknown): LayerReport {
  const [name, signalToNoise] = readArray(value, 2, "layer report");
  return {
    name: readText(name, MAX_TEXT, "layer name"),
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
