// The weights of a TF.js model: shards end to end, cut and scaled as the manifest says.
// attacker-controlled: a model file comes from a stranger; sizes are checked before anything is allocated.
import { entryOf } from "../../entry.ts";
import { ModelError } from "../../errors.ts";
import type { Constant } from "../../graph.ts";
import { malformed, type WeightEntry } from "./source.ts";

/** Bytes of an element as it is stored. */
const WIDTHS: Readonly<Record<string, number>> = {
  uint8: 1,
  bool: 1,
  uint16: 2,
  float16: 2,
  float32: 4,
  int32: 4,
};

/**
 * float32 → f32, int32 → i32, bool → bool. Quantized storage of f32 is `q · scale + min` in f64, rounded once; of i32,
 * as TF.js reads it, the nearest integer to that.
 * Throws ModelError: weights_invalid, model_malformed.
 */
export function readWeights(entries: readonly WeightEntry[], bytes: Uint8Array): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  for (const entry of entries) {
    const { name, shape, dtype, quantization } = entry;
    const stored = quantization?.dtype ?? dtype;
    const width = entryOf(WIDTHS, stored) ?? 0;
    if (width === 0) throw invalid(`weight ${name}: dtype ${stored} is not supported`);
    // A count beyond 2^53 is not exact, but then far more than there are bytes.
    const size = shape.reduce((product, length) => product * length, width);
    if (offset + size > bytes.length) {
      throw invalid(`weight ${name} ends at byte ${offset + size} of ${bytes.length}`);
    }
    if (constants.has(name)) throw malformed(`two weights are called ${name}`);
    const read = reader(view, stored, offset, width);
    constants.set(name, readConstant(entry, size / width, read));
    offset += size;
  }
  if (offset !== bytes.length) {
    throw invalid(`${bytes.length} weight bytes given, the manifest describes ${offset}`);
  }
  return constants;
}

function invalid(detail: string): ModelError {
  return new ModelError("weights_invalid", detail);
}

function readConstant(entry: WeightEntry, count: number, read: (index: number) => number): Constant {
  const { name, shape, dtype, quantization } = entry;
  const { scale = 1, min = 0 } = quantization ?? {};
  switch (dtype) {
    case "float32": {
      const data = new Float32Array(count);
      for (let i = 0; i < count; i++) {
        data[i] = read(i) * scale + min;
        if (Number.isNaN(data[i])) throw invalid(`weight ${name}[${i}] is NaN; constants are numbers`);
      }
      return { dtype: "f32", shape, data };
    }
    case "int32": {
      const data = new Int32Array(count);
      for (let i = 0; i < count; i++) {
        const value = Math.round(read(i) * scale + min);
        data[i] = value;
        if (data[i] !== value) throw invalid(`weight ${name}[${i}] is no 32-bit integer`);
      }
      return { dtype: "i32", shape, data };
    }
    case "bool": {
      if (quantization !== undefined) throw invalid(`weight ${name}: quantized truth values`);
      return { dtype: "bool", shape, data: Uint8Array.from({ length: count }, (_, i) => +(read(i) !== 0)) };
    }
    default:
      throw invalid(`weight ${name}: dtype ${dtype} is not supported`);
  }
}

function reader(view: DataView, stored: string, offset: number, width: number): (index: number) => number {
  const at = (index: number) => offset + index * width;
  switch (stored) {
    case "uint16":
      return (index) => view.getUint16(at(index), true);
    case "float16":
      return (index) => readHalf(view.getUint16(at(index), true));
    case "float32":
      return (index) => view.getFloat32(at(index), true);
    case "int32":
      return (index) => view.getInt32(at(index), true);
    default:
      return (index) => view.getUint8(at(index));
  }
}

/** IEEE 754 binary16; every value is exact in f32. */
function readHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
