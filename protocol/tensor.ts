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
  // attacker-controlled: of a request, a reply or a certificate file, before any signature is checked.
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

/**
 * Whether every value of a floating-point tensor is a finite number; true for integers. Policy: an infinity or a NaN, of
 * which there are many bit patterns, never enters or leaves a model.
 */
export function isFiniteTensor(dtype: string, data: Bytes): boolean {
  const values = readFloats(dtype, data);
  // An index, here and below: an iterator over a typed array is slow.
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index]!)) return false;
  return true;
}

/** Whether a floating-point tensor holds a NaN; false for integers. An infinity is none. */
export function holdsNaN(dtype: string, data: Bytes): boolean {
  const values = readFloats(dtype, data);
  for (let index = 0; index < values.length; index++) if (Number.isNaN(values[index]!)) return true;
  return false;
}

const NO_FLOATS = new Float32Array(0);

/**
 * A view of an f32 or f64 tensor; nothing of others. Every host is little-endian, as WebAssembly's memory is. A copy
 * where the data does not begin on an element's boundary.
 */
function readFloats(dtype: string, data: Bytes): Float32Array | Float64Array {
  if (dtype !== "f32" && dtype !== "f64") return NO_FLOATS;
  const array = dtype === "f32" ? Float32Array : Float64Array;
  const size = array.BYTES_PER_ELEMENT;
  const { buffer, byteOffset, length } = data.byteOffset % size === 0 ? data : data.slice();
  return new array(buffer, byteOffset, Math.floor(length / size));
}
