// What the fuzzer knows of a value before anybody computes it: its sizes at both bindings of the symbols, the interval of
// its elements, and how far two right implementations may be apart. Dyadic numbers with few bits make most operators
// exact, whatever the order of their sums, so most of what is compared is compared with ==.
import type { DataType } from "../../models/graph.ts";

/** Sizes at the first and at the second binding. */
export type Shapes = readonly [readonly number[], readonly number[]];

export interface Range {
  readonly low: number;
  readonly high: number;
  /** Every element is a multiple of 2^-grain that f32 holds; null where roundings decide. */
  readonly grain: number | null;
  /** The largest difference between two right results; 0 where there is a grain. */
  readonly error: number;
}

export interface FuzzValue extends Range {
  readonly name: string;
  readonly dtype: DataType;
  readonly shapes: Shapes;
  /** Computed of constants alone. */
  readonly isConstant: boolean;
}

/** What an operator may say of its result. */
export type Result = Omit<FuzzValue, "name" | "isConstant">;

/** An operator that cannot take what there is: the generator tries another. */
export class Unfit extends Error {}

/** Relative, of a few roundings in f32 and of the polynomials of both sides. */
export const ROUNDING = 4e-6;
/** All dyadic numbers up to here, in units of the grain, are exact in f32. */
const EXACT = 2 ** 24;
const INTEGER_LIMITS: Partial<Record<DataType, readonly [number, number]>> = {
  u8: [0, 255],
  i8: [-128, 127],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  i64: [-(2 ** 53), 2 ** 53],
};

export function magnitude({ low, high }: Pick<Range, "low" | "high">): number {
  return Math.max(Math.abs(low), Math.abs(high));
}

/** Of elements that are exact, if the magnitude of every sum on the way to them is at most `most`. */
export function exactly(low: number, high: number, grain: number, most = magnitude({ low, high })): Range {
  if (most * 2 ** grain <= EXACT) return { low, high, grain, error: 0 };
  return { low, high, grain: null, error: most * ROUNDING };
}

/** Of elements that are rounded, given what the errors of the operands alone would do. */
export function roughly(low: number, high: number, error: number, most = magnitude({ low, high })): Range {
  return { low, high, grain: null, error: error + ROUNDING * (most + 0.1) };
}

/** Exact where the operands are and the operator keeps them so; integers have to stay within their type. */
export function combine(
  dtype: DataType,
  operands: readonly Range[],
  low: number,
  high: number,
  grain: (grains: readonly number[]) => number,
  error: number,
  most = magnitude({ low, high }),
): Range {
  const limits = INTEGER_LIMITS[dtype];
  if (limits !== undefined) {
    if (low < limits[0] || high > limits[1]) throw new Unfit("an integer that wraps");
    return { low, high, grain: 0, error: 0 };
  }
  const grains = operands.map((operand) => operand.grain);
  if (grains.every((each) => each !== null)) return exactly(low, high, grain(grains), most);
  return roughly(low, high, error, most);
}

export const BOOL: Range = { low: 0, high: 1, grain: 0, error: 0 };

/** The smallest interval around both. */
export function hull(a: Range, b: Range): Range {
  const [low, high] = [Math.min(a.low, b.low), Math.max(a.high, b.high)];
  const grain = a.grain === null || b.grain === null ? null : Math.max(a.grain, b.grain);
  return { low, high, grain, error: Math.max(a.error, b.error) };
}

/** The same at both bindings. */
export function mapShapes(shapes: Shapes, change: (shape: readonly number[]) => readonly number[]): Shapes {
  return [change(shapes[0]), change(shapes[1])];
}

export function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Whether no request decides the size. */
export function isFixed({ shapes }: { shapes: Shapes }, axis: number): boolean {
  return shapes[0][axis] === shapes[1][axis];
}

export function isAllFixed(value: { shapes: Shapes }): boolean {
  return value.shapes[0].every((_, axis) => isFixed(value, axis));
}
