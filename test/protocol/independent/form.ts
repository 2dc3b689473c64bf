// The forms that fields have, docs/protocol.md §2, §8 and §9, for the files beside this one.

import { type Value, write } from "./cbor.ts";

export type Fields = Value[];

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export const same = (a: Value, b: Value) => write(a).equals(write(b));
export const isBytes = (value: Value | undefined, min: number, max = min): value is Uint8Array =>
  value instanceof Uint8Array && value.length >= min && value.length <= max;
export const isUint = (value: Value | undefined, min = 0n, max = 2n ** 53n - 1n): value is bigint =>
  typeof value === "bigint" && value >= min && value <= max;
export const YEAR_2200 = 7_258_118_400n;

export function fieldsOf(value: Value, count: number): Fields {
  must(Array.isArray(value) && value.length === count, `not an array of ${count}`);
  return value;
}

export function listOf(
  value: Value | undefined,
  min: number,
  max: number,
  is: (item: Value) => boolean,
): Fields {
  must(
    Array.isArray(value) && value.length >= min && value.length <= max && value.every(is),
    "not such a list",
  );
  return value;
}
export const isDigest = (value: Value) => isBytes(value, 32);

const SIZES = [1, 1, 4, 4, 8, 8];

/** §8 */
export function isTensor(value: Value): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [dtype, shape, data] = value;
  if (!isUint(dtype, 0n, 5n) || !isBytes(data, 1, 2 ** 24) || !Array.isArray(shape) || shape.length > 8)
    return false;
  if (!shape.every((size) => isUint(size, 1n, 2n ** 24n))) return false;
  const elements = shape.reduce((product: bigint, size) => product * (size as bigint), 1n);
  if (elements * BigInt(SIZES[Number(dtype)]!) !== BigInt(data.length)) return false;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let at = 0; dtype === 3n && at < data.length; at += 4)
    if (!Number.isFinite(view.getFloat32(at, true))) return false;
  for (let at = 0; dtype === 5n && at < data.length; at += 8)
    if (!Number.isFinite(view.getFloat64(at, true))) return false;
  return true;
}

export const isTensorShape = (shape: Value) =>
  Array.isArray(shape) && shape.length <= 8 && shape.every((size) => isUint(size, 1n, 2n ** 24n));

/** §9: a size that is m · 2^e, with m of 4 to 7. */
export function isBucket(value: Value): boolean {
  if (!isUint(value, 1024n, 20_971_520n)) return false;
  let mantissa = value;
  while (mantissa > 7n && mantissa % 2n === 0n) mantissa /= 2n;
  return mantissa <= 7n;
}
