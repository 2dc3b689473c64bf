// Tensors of the reference interpreter: every element a number in f64, whatever its type, and plain loops over them.
import type { Constant, DataType } from "../../../models/graph.ts";

export interface Tensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

export function create(dtype: DataType, shape: readonly number[]): Tensor {
  return { dtype, shape, data: new Float64Array(count(shape)) };
}

export function fromConstant({ dtype, shape, data }: Constant): Tensor {
  return { dtype, shape, data: Float64Array.from(data as ArrayLike<number | bigint>, Number) };
}

/** i64 becomes i64; reals are rounded to their type once. */
export function toConstant({ dtype, shape, data }: Tensor): Constant {
  switch (dtype) {
    case "f32":
      return { dtype, shape, data: Float32Array.from(data) };
    case "f64":
      return { dtype, shape, data };
    case "i8":
      return { dtype, shape, data: Int8Array.from(data) };
    case "i32":
      return { dtype, shape, data: Int32Array.from(data) };
    case "i64":
      return { dtype, shape, data: BigInt64Array.from(data, BigInt) };
    case "u8":
    case "bool":
      return { dtype, shape, data: Uint8Array.from(data) };
  }
}

export const isReal = ({ dtype }: Tensor) => dtype === "f32" || dtype === "f64";

/** How many elements lie between neighbours along each axis. */
export function strides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => count(shape.slice(axis + 1)));
}

/** Calls `visit` with the index of every element, row-major. The index is one array, changed in place. */
export function forEach(shape: readonly number[], visit: (index: number[], at: number) => void): void {
  const index = shape.map(() => 0);
  const total = count(shape);
  for (let at = 0; at < total; at++) {
    visit(index, at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** A tensor whose element at `index` is element `source(index)` of another's data; −1 takes `otherwise`. */
export function move(
  { dtype, data }: Tensor,
  shape: readonly number[],
  source: (index: readonly number[]) => number,
  otherwise = 0,
): Tensor {
  const result = create(dtype, shape);
  forEach(shape, (index, at) => {
    const from = source(index);
    result.data[at] = from < 0 ? otherwise : data[from]!;
  });
  return result;
}

export function offset(index: readonly number[], steps: readonly number[]): number {
  let sum = 0;
  for (let axis = 0; axis < index.length; axis++) sum += index[axis]! * steps[axis]!;
  return sum;
}

export function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1).filter((size) => size !== 1);
    if (new Set(sizes).size > 1) throw new RangeError(`shapes ${JSON.stringify(shapes)} do not fit`);
    return sizes[0] ?? 1;
  });
}

/** Strides by which a tensor of `shape` is read as one of `target`: 0 where it repeats. */
export function broadcastStrides(shape: readonly number[], target: readonly number[]): number[] {
  const own = strides(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing]!));
}

/** Element by element, with broadcasting. */
export function combine(
  tensors: readonly Tensor[],
  dtype: DataType,
  operate: (...values: number[]) => number,
): Tensor {
  const shape = broadcastShape(tensors.map((tensor) => tensor.shape));
  const read = tensors.map((tensor) => expand(tensor, shape));
  const result = create(dtype, shape);
  for (let at = 0; at < result.data.length; at++) {
    result.data[at] =
      read.length === 2 ? operate(read[0]![at]!, read[1]![at]!) : operate(...read.map((data) => data[at]!));
  }
  return result;
}

/** The elements of a tensor repeated to a shape. */
function expand({ shape, data }: Tensor, target: readonly number[]): Float64Array {
  if (data.length === count(target)) return data;
  if (data.length === 1) return new Float64Array(count(target)).fill(data[0]!);
  const steps = broadcastStrides(shape, target);
  const result = new Float64Array(count(target));
  forEach(target, (index, at) => {
    result[at] = data[offset(index, steps)]!;
  });
  return result;
}

export function fromStart(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
