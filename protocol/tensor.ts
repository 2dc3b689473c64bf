// Tensors: the only data that models see. Little endian, row major, nothing else about them is said.

import type { Bytes } from "./bytes.ts";
import { type CborValue, readArray, readBytes, readInteger } from "./cbor.ts";
import { DecodeError } from "./errors.ts";
import { MAX_TENSOR_BYTES, MAX_TENSOR_RANK, MAX_TENSORS } from "./limits.ts";

/** Unsigned and signed bytes, 32- and 64-bit integers in two's complement, IEEE 754 binary32 and binary64. */
export type DType = "u8" | "i8" | "i32" | "f32" | "i64" | "f64";

/**
 * Tensor, docs/protocol.md §8: `[dtype: 0 u8 / 1 i8 / 2 i32 / 3 f32 / 4 i64 / 5 f64, shape: [*8 uint .ge 1], data: bstr]`
 * with `data` of product(shape) × size(dtype) bytes, at most 16 MiB. A shape of [] is one element.
 */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Bytes;
}

const DTYPES: readonly DType[] = ["u8", "i8", "i32", "f32", "i64", "f64"]; // the index is the wire value

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<DType, number>> = { u8: 1, i8: 1, i32: 4, f32: 4, i64: 8, f64: 8 };

/** The tensor as a CBOR value. Throws what decodeTensor would. */
export function encodeTensor(tensor: Tensor): CborValue {
  checkTensor(tensor);
  return [DTYPES.indexOf(tensor.dtype), tensor.shape, tensor.data];
}

/** Throws DecodeError `wrong_type`, `wrong_length`, `out_of_range`. */
export function decodeTensor(value: unknown): Tensor {
  // attacker-controlled: of a request, a reply or a bundle, before any signature is checked.
  const fields = readArray(value, 3, "a tensor");
  const tensor: Tensor = {
    dtype: DTYPES[readInteger(fields[0], { min: 0, max: DTYPES.length - 1 }, "dtype")]!,
    shape: readArray(fields[1], { min: 0, max: MAX_TENSOR_RANK }, "shape").map((size) =>
      readInteger(size, { min: 1, max: MAX_TENSOR_BYTES }, "a dimension"),
    ),
    data: readBytes(fields[2], { min: 1, max: MAX_TENSOR_BYTES }, "tensor data"),
  };
  checkTensor(tensor);
  return tensor;
}

/** As encodeTensor, one after another. */
export function encodeTensors(tensors: readonly Tensor[]): CborValue {
  return tensors.map(encodeTensor);
}

/** One to 16 tensors; the structure around them bounds their bytes together. Throws as decodeTensor does. */
export function decodeTensors(value: unknown, title: string): Tensor[] {
  return readArray(value, { min: 1, max: MAX_TENSORS }, title).map(decodeTensor);
}

/** What both directions hold to, so that nothing can be sent that will not be read. */
function checkTensor({ dtype, shape, data }: Tensor): void {
  if (!DTYPES.includes(dtype))
    throw new DecodeError("out_of_range", `dtype is ${String(dtype)}; it must be ${DTYPES.join(", ")}`);
  if (shape.length > MAX_TENSOR_RANK || data.length > MAX_TENSOR_BYTES)
    throw new DecodeError(
      "wrong_length",
      `a tensor has ${shape.length} dimensions and ${data.length} bytes; the limits are ${MAX_TENSOR_RANK} and ${MAX_TENSOR_BYTES}`,
    );
  if (shape.some((size) => !(size >= 1)))
    throw new DecodeError("wrong_length", `a tensor has the shape [${shape}]; each size must be at least 1`);
  // Each factor is below 2^24 and there are 8, so the product may round; it can then not equal data.length.
  const bytes = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
  if (bytes !== data.length)
    throw new DecodeError(
      "wrong_length",
      `a ${dtype} tensor of [${shape}] has ${data.length} bytes; it must have ${bytes}`,
    );
  if (!isFiniteTensor(dtype, data))
    throw new DecodeError(
      "out_of_range",
      "a floating-point tensor holds a value that is not finite; send finite values only",
    );
}

/** isFinite32 or isFinite64 for floating-point types, true for integers. */
export function isFiniteTensor(dtype: DType, data: Bytes): boolean {
  return dtype === "f32" ? isFinite32(data) : dtype !== "f64" || isFinite64(data);
}

/**
 * Whether every value of an f32, little-endian tensor is a number. Policy: an infinity or a NaN, of which there are
 * many bit patterns, never enters or leaves a model.
 */
export function isFinite32(data: Bytes): boolean {
  for (let index = 2; index < data.length; index += 4)
    if (data[index]! >= 0x80 && (data[index + 1]! & 0x7f) === 0x7f) return false; // all 8 exponent bits set
  return true;
}

/** Whether an f32 or f64 tensor holds a NaN; false for other types. An infinity is none. */
export function holdsNaN(dtype: string, data: Bytes): boolean {
  if (dtype === "f32") {
    for (let index = 0; index < data.length; index += 4) {
      const [a, b, c, d] = [data[index]!, data[index + 1]!, data[index + 2]!, data[index + 3]!];
      if (c >= 0x80 && (d & 0x7f) === 0x7f && ((c & 0x7f) | b | a) !== 0) return true;
    }
  } else if (dtype === "f64") {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let index = 0; index < data.length; index += 8)
      if (Number.isNaN(view.getFloat64(index, true))) return true;
  }
  return false;
}

/** As isFinite32, for f64. */
export function isFinite64(data: Bytes): boolean {
  for (let index = 6; index < data.length; index += 8)
    if (data[index]! >= 0xf0 && (data[index + 1]! & 0x7f) === 0x7f) return false; // all 11 exponent bits set
  return true;
}
