// Reads a TensorProto as a constant: raw bytes, typed lists or bytes of another file, always little endian.
// attacker-controlled: the message is walked twice, so that shape, type and length are known before anything is
// allocated.
import { ModelError } from "../errors.ts";
import type { Constant, ConstantData } from "../graph.ts";
import { isPlainPath } from "../plain-path.ts";
import { holderOf, type OnnxType, readType } from "./onnx-types.ts";
import { Fields, malformed } from "./protobuf.ts";

/** All the tensors of one file together; an isolate of 128 MB could not serve as many, whatever their type. */
const MAX_ELEMENTS = 256 * 1024 * 1024;
const MAX_RANK = 32;

/** Bytes of a file beside the model, by the name that the model gives; undefined where there is none. */
export type ExternalData = ReadonlyMap<string, Uint8Array> | ((location: string) => Uint8Array | undefined);

/** What tensors may refer to, and what is left of their limit. One for each file. */
export class TensorContext {
  readonly #external: ExternalData;
  /** No constant of a model is a NaN; what a test case feeds a model may be one. */
  readonly allowsNaN: boolean;
  #elements = 0;

  constructor(external: ExternalData, allowsNaN: boolean) {
    this.#external = external;
    this.allowsNaN = allowsNaN;
  }

  /** Throws ModelError model_too_large. */
  count(elements: number, name: string): void {
    this.#elements += elements;
    if (this.#elements <= MAX_ELEMENTS) return;
    throw new ModelError(
      "model_too_large",
      `with tensor ${name} the file has ${this.#elements} elements, the limit is ${MAX_ELEMENTS}`,
    );
  }

  /** Throws ModelError source_missing. */
  find(location: string, name: string): Uint8Array {
    const found =
      typeof this.#external === "function" ? this.#external(location) : this.#external.get(location);
    if (found !== undefined) return found;
    throw new ModelError(
      "source_missing",
      `tensor ${name} is in file ${JSON.stringify(location)}; give that file beside the model`,
    );
  }
}

interface Description {
  name: string;
  dims: number[];
  type: number;
  raw: Uint8Array | null;
  isExternal: boolean;
  external: Map<string, string>;
}

/** `owner` names a tensor that has no name of its own. */
export function readTensor(
  bytes: Uint8Array,
  context: TensorContext,
  owner: string,
): { name: string; constant: Constant } {
  const described = describe(bytes);
  const name = described.name === "" ? owner : described.name;
  const type = readType(described.type, `tensor ${name}`);
  const shape = described.dims;
  // A dimension is at most 2^53, so the product is exact up to the limit and only ever too large beyond it.
  const count = shape.reduce((product, size) => product * size, 1);
  context.count(count, name);
  const raw = described.isExternal ? findExternal(described, context, name) : described.raw;
  if (raw === null && count > 2 * bytes.length) throw wrongCount(name, count, "fewer");
  const data = raw === null ? readTyped(bytes, type, count, name) : readRaw(raw, type, count, name);
  if (!context.allowsNaN && (data.dtype === "f32" || data.dtype === "f64")) checkNumbers(data.data, name);
  return { name, constant: { ...data, shape } };
}

function describe(bytes: Uint8Array): Description {
  const result: Description = {
    name: "",
    dims: [],
    type: 0,
    raw: null,
    isExternal: false,
    external: new Map(),
  };
  const fields = new Fields(bytes);
  for (let field = fields.next(); field !== 0; field = fields.next()) {
    if (field === 1) {
      fields.each(() => {
        const size = fields.integer();
        if (size < 0) throw malformed(`a tensor has a dimension of ${size}`);
        if (result.dims.push(size) > MAX_RANK)
          throw malformed(`a tensor has more than ${MAX_RANK} dimensions`);
      });
    } else if (field === 2) result.type = fields.int32();
    else if (field === 3) throw new ModelError("op_unsupported", "a tensor in segments is not supported");
    else if (field === 8) result.name = fields.text();
    else if (field === 9) result.raw = fields.bytes();
    else if (field === 13) readEntry(fields.bytes(), result.external);
    else if (field === 14) result.isExternal = fields.int32() === 1;
  }
  return result;
}

/** A StringStringEntryProto. */
function readEntry(bytes: Uint8Array, entries: Map<string, string>): void {
  const fields = new Fields(bytes);
  let key = "";
  let value = "";
  for (let field = fields.next(); field !== 0; field = fields.next()) {
    if (field === 1) key = fields.text();
    else if (field === 2) value = fields.text();
  }
  entries.set(key, value);
}

function findExternal({ external }: Description, context: TensorContext, name: string): Uint8Array {
  const location = external.get("location") ?? "";
  if (!isPlainPath(location)) {
    throw malformed(`tensor ${name} is in file ${JSON.stringify(location)}, which is no plain relative path`);
  }
  const bytes = context.find(location, name);
  const [offset, length] = ["offset", "length"].map((key) => {
    const text = external.get(key);
    if (text !== undefined && !/^\d{1,15}$/.test(text))
      throw malformed(`${key} of tensor ${name} is ${text}`);
    return text === undefined ? null : Number(text);
  });
  const start = offset ?? 0;
  const end = length == null ? bytes.length : start + length;
  if (start > end || end > bytes.length) {
    throw new ModelError(
      "weights_invalid",
      `tensor ${name} ends at byte ${end} of ${location}, which has ${bytes.length}`,
    );
  }
  return bytes.subarray(start, end);
}

/** How one element lies in raw bytes. */
type ReadElement = (view: DataView, index: number) => number;

const RAW: Record<Exclude<OnnxType, "int64" | "uint64">, { bits: number; read: ReadElement }> = {
  float: { bits: 32, read: (view, i) => view.getFloat32(4 * i, true) },
  double: { bits: 64, read: (view, i) => view.getFloat64(8 * i, true) },
  float16: { bits: 16, read: (view, i) => widenHalf(view.getUint16(2 * i, true)) },
  bfloat16: { bits: 16, read: (view, i) => widenBrain(view.getUint16(2 * i, true)) },
  int8: { bits: 8, read: (view, i) => view.getInt8(i) },
  uint8: { bits: 8, read: (view, i) => view.getUint8(i) },
  bool: { bits: 8, read: (view, i) => Number(view.getUint8(i) !== 0) },
  int16: { bits: 16, read: (view, i) => view.getInt16(2 * i, true) },
  uint16: { bits: 16, read: (view, i) => view.getUint16(2 * i, true) },
  int32: { bits: 32, read: (view, i) => view.getInt32(4 * i, true) },
  uint32: { bits: 32, read: (view, i) => view.getUint32(4 * i, true) },
  // Two in a byte, the first in its lower half.
  int4: { bits: 4, read: (view, i) => (view.getInt8(i >> 1) << (i & 1 ? 24 : 28)) >> 28 },
  uint4: { bits: 4, read: (view, i) => (view.getUint8(i >> 1) >> (i & 1 ? 4 : 0)) & 15 },
};

function readRaw(raw: Uint8Array, type: OnnxType, count: number, name: string): ConstantData {
  const bits = type === "int64" || type === "uint64" ? 64 : RAW[type].bits;
  const want = Math.ceil((count * bits) / 8);
  if (raw.length !== want) {
    throw new ModelError(
      "weights_invalid",
      `tensor ${name} has ${raw.length} bytes for ${count} elements of ${type}, want ${want}`,
    );
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const result = allocate(type, count);
  if (result.dtype === "i64") {
    const read = type === "uint32" ? (i: number) => BigInt(view.getUint32(4 * i, true)) : readLong;
    for (let i = 0; i < count; i++) result.data[i] = read(i);
  } else {
    const { read } = RAW[type as keyof typeof RAW];
    for (let i = 0; i < count; i++) result.data[i] = read(view, i);
  }
  return result;

  function readLong(index: number): bigint {
    const value = view.getBigInt64(8 * index, true);
    return type === "uint64" ? checkLong(value, name) : value;
  }
}

/** The list in which each type lies, and how one element is read there; the narrow ones share int32_data. */
const INT32_LIST = { list: 5, read: (fields: Fields) => fields.int32() };
const TYPED: Record<
  Exclude<OnnxType, "int4" | "uint4">,
  { list: number; read: (fields: Fields, name: string) => number | bigint }
> = {
  float: { list: 4, read: (fields) => fields.float() },
  double: { list: 10, read: (fields) => fields.double() },
  int64: { list: 7, read: (fields) => fields.exact() },
  uint32: { list: 11, read: (fields, name) => checkLong(fields.exact(), name) },
  uint64: { list: 11, read: (fields, name) => checkLong(fields.exact(), name) },
  float16: { list: 5, read: (fields) => widenHalf(fields.int32() & 0xffff) },
  bfloat16: { list: 5, read: (fields) => widenBrain(fields.int32() & 0xffff) },
  bool: { list: 5, read: (fields) => Number(fields.int32() !== 0) },
  int32: INT32_LIST,
  int16: INT32_LIST,
  uint16: INT32_LIST,
  int8: INT32_LIST,
  uint8: INT32_LIST,
};

function readTyped(bytes: Uint8Array, type: OnnxType, count: number, name: string): ConstantData {
  // Two elements of four bits share one entry: they are read as bytes and taken apart as raw ones are.
  if (type === "int4" || type === "uint4") {
    const pairs = readTyped(bytes, "uint8", Math.ceil(count / 2), name);
    return readRaw(pairs.data as Uint8Array, type, count, name);
  }
  const { list, read } = TYPED[type];
  const fields = new Fields(bytes);
  const result = allocate(type, count);
  let filled = 0;
  const readOne = () => {
    if (filled === count) throw wrongCount(name, count, "more");
    result.data[filled++] = read(fields, name);
  };
  for (let field = fields.next(); field !== 0; field = fields.next()) {
    if (field === list) fields.each(readOne);
  }
  if (filled !== count) throw wrongCount(name, count, `${filled}`);
  return result;
}

/** A typed array whose elements are what `dtype` says; the caller writes numbers, or bigints for i64. */
type Writable = Omit<ConstantData, "data"> & { data: { [index: number]: number | bigint } };

function allocate(type: OnnxType, count: number): ConstantData & Writable {
  const dtype = holderOf(type);
  const arrays = {
    f32: Float32Array,
    f64: Float64Array,
    i8: Int8Array,
    u8: Uint8Array,
    bool: Uint8Array,
    i32: Int32Array,
    i64: BigInt64Array,
  };
  return { dtype, data: new arrays[dtype](count) } as ConstantData & Writable;
}

/** Policy: 64-bit unsigned integers beyond 2^63 − 1 are refused, because i64 holds them. */
function checkLong(value: bigint, name: string): bigint {
  if (value >= 0n) return value;
  throw new ModelError("weights_invalid", `tensor ${name} has an unsigned integer beyond 2^63 − 1`);
}

function checkNumbers(data: Float32Array | Float64Array, name: string): void {
  const index = data.findIndex(Number.isNaN);
  if (index < 0) return;
  throw new ModelError("weights_invalid", `tensor ${name}[${index}] is NaN; constants are numbers`);
}

function wrongCount(name: string, want: number, found: string): ModelError {
  return new ModelError("weights_invalid", `tensor ${name} has ${found} elements, its shape wants ${want}`);
}

/** IEEE 754 binary16 to a number, exactly. */
function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const brain = new DataView(new ArrayBuffer(4));

/** bfloat16 to a number: the upper half of an f32. */
function widenBrain(bits: number): number {
  brain.setUint16(0, bits);
  return brain.getFloat32(0);
}
