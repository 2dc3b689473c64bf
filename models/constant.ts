// Constants as arrays: making, reading, rearranging. Elements are moved, never computed with.
import type { Tensor } from "../protocol/tensor.ts";
import { ModelError } from "./errors.ts";
import type { Constant, DataType } from "./graph.ts";

const ARRAYS = {
  f32: Float32Array,
  f64: Float64Array,
  i8: Int8Array,
  u8: Uint8Array,
  i32: Int32Array,
  i64: BigInt64Array,
  bool: Uint8Array,
} as const;

/** As many as all tensors of a file may have together. */
const MAX_ELEMENTS = 256 * 1024 * 1024;

/** All zero. Throws ModelError model_too_large. */
export function createConstant(dtype: DataType, shape: readonly number[]): Constant {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > MAX_ELEMENTS)
    throw new ModelError(
      "model_too_large",
      `a constant of [${shape}] has more than ${MAX_ELEMENTS} elements`,
    );
  return { dtype, shape, data: new ARRAYS[dtype](count) } as unknown as Constant;
}

/** The bytes, little-endian, copied. */
export function bytesOf({ data }: Constant): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

/** The inverse of bytesOf. */
export function constantOfBytes(dtype: DataType, shape: readonly number[], bytes: Uint8Array): Constant {
  const constant = createConstant(dtype, shape);
  new Uint8Array(constant.data.buffer).set(bytes);
  return constant;
}

/** As a request has it, where truth values are bytes. */
export function tensorOf(constant: Constant): Tensor {
  const { dtype, shape } = constant;
  return { dtype: dtype === "bool" ? "u8" : dtype, shape, data: bytesOf(constant) };
}

/** Integers up to 2^53; larger ones saturate there, as they only ever mean "to the end". Null for other types. */
export function integersOf({ dtype, data }: Constant): number[] | null {
  if (dtype === "f32" || dtype === "f64") return null;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Array.from(data as ArrayLike<number | bigint>, (value) =>
    typeof value === "number" ? value : Number(value > most ? most : value < -most ? -most : value),
  );
}

/** Real numbers of a constant of any type but i64. */
export function realsOf({ data }: Constant): ArrayLike<number> | null {
  return data instanceof BigInt64Array ? null : data;
}

/** Axis i of the result is axis order[i] of the constant. */
export function transposeConstant(constant: Constant, order: readonly number[]): Constant {
  if (order.every((axis, index) => axis === index)) return constant;
  const { shape, data } = constant;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const result = createConstant(
    constant.dtype,
    order.map((axis) => shape[axis]!),
  );
  const steps = order.map((axis) => strides[axis]!);
  const target = result.data as { [index: number]: number | bigint };
  const index = order.map(() => 0);
  let from = 0;
  for (let at = 0; at < data.length; at++) {
    target[at] = data[from]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < result.shape[axis]!) break;
      from -= steps[axis]! * result.shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
