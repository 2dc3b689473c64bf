// A value of the graph on its way into a program: what is known of it while compiling, and the tensor that holds it.
// A tensor may hold the axes in another order than the graph sees them: images stay NHWC from one convolution to the
// next, and a Transpose moves nothing until somebody needs the elements in order.
import type { ElementType } from "../engine/index.ts";
import type { Size } from "./dimension.ts";
import type { Constant, DataType } from "./graph.ts";

export interface Value {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly Size[];
  /** Where all elements are known. */
  readonly constant: Constant | null;
  /** Integers in row-major order, where each is known up to symbols: shapes and what is computed from them. */
  readonly known: readonly Size[] | null;
  /** Tensors that hold it, by the order of their axes: axis i of the tensor is axis order[i] of the value. */
  readonly places: Map<string, Place>;
}

export interface Place {
  readonly tensor: number;
  readonly order: readonly number[];
}

export const ELEMENT_TYPES: Readonly<Record<DataType, ElementType>> = {
  f32: "f32",
  f64: "f64",
  i8: "qs8",
  u8: "u8",
  i32: "i32",
  i64: "i64",
  bool: "bool",
};

export const identityOrder = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/** NCHW as NHWC, for any number of spatial axes. */
export function channelsLast(rank: number): number[] {
  return rank < 3 ? identityOrder(rank) : [0, ...identityOrder(rank).slice(2), 1];
}

/** Whether both orders lay the elements out in the same way: axes of size 1 do not matter. */
export function sameLayout(shape: readonly Size[], a: readonly number[], b: readonly number[]): boolean {
  const real = (order: readonly number[]) => order.filter((axis) => shape[axis] !== 1).join();
  return real(a) === real(b);
}
