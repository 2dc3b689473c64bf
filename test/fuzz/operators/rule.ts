// What a rule of the fuzzer is, and what several of them share.
import type { FuzzSymbol, Sketch, Wish } from "../sketch.ts";
import { axesOf } from "../sketch.ts";
import { type FuzzValue, isFixed, type Range, type Result, type Shapes, Unfit } from "../value.ts";

/** Writes one operator, sometimes with what feeds it, into the sketch. Throws Unfit where it cannot. */
export type Rule = (sketch: Sketch) => void;
/** By the names of the operators. */
export type RuleTable = Readonly<Record<string, Rule>>;

export const int = (value: number) => ({ int: value });
export const ints = (...values: number[]) => ({ ints: values });
export const float = (value: number) => ({ float: value });
export const text = (value: string) => ({ text: value });

/** A result like the operand, but for what the range says. */
export function like(value: FuzzValue, range: Range = value): Result {
  const { low, high, grain, error } = range;
  return { dtype: value.dtype, shapes: value.shapes, low, high, grain, error };
}

/** Numpy's rule at both bindings. */
export function broadcast(...operands: readonly { shapes: Shapes }[]): Shapes {
  const at = (binding: 0 | 1) => {
    const shapes = operands.map(({ shapes: both }) => both[binding]);
    const rank = Math.max(...shapes.map((shape) => shape.length));
    return Array.from({ length: rank }, (_, axis) => {
      const sizes = shapes
        .map((shape) => shape[axis - rank + shape.length] ?? 1)
        .filter((size) => size !== 1);
      if (sizes.some((size) => size !== sizes[0])) throw new Unfit("sizes that do not repeat");
      return sizes[0] ?? 1;
    });
  };
  return [at(0), at(1)];
}

function repeats(a: FuzzValue, b: FuzzValue): boolean {
  try {
    broadcast(a, b);
    return true;
  } catch {
    return false;
  }
}

/** Another operand that repeats along the first, or the first along it. */
export function partner(sketch: Sketch, first: FuzzValue, wish: Omit<Wish, "shape"> = {}): FuzzValue {
  const shape = () => {
    const drop = sketch.integer(0, Math.max(0, first.shapes[0].length - 1));
    const axes = first.shapes[0].map((size, axis) => {
      if (sketch.chance(0.25)) return 1;
      return isFixed(first, axis) ? size : axesOf(sketch, symbolAxis(first, axis))[0]!;
    });
    return sketch.chance(0.6) ? axes : axes.slice(drop);
  };
  return sketch.take({
    dtypes: [first.dtype],
    ...wish,
    shape,
    where: (value) => repeats(first, value) && (wish.where?.(value) ?? true),
  });
}

function symbolAxis({ shapes }: FuzzValue, axis: number): { shapes: Shapes } {
  return { shapes: [[shapes[0][axis]!], [shapes[1][axis]!]] };
}

/** An axis of the value, sometimes counted from the end. */
export function anyAxis(sketch: Sketch, value: FuzzValue, fixed = false): { axis: number; written: number } {
  const rank = value.shapes[0].length;
  const axes = value.shapes[0].map((_, axis) => axis).filter((axis) => !fixed || isFixed(value, axis));
  const axis = sketch.pick(axes);
  return { axis, written: sketch.chance(0.3) ? axis - rank : axis };
}

/** Sizes of a shape with one axis replaced. */
export function replaced(shape: readonly number[], axis: number, ...sizes: number[]): number[] {
  return [...shape.slice(0, axis), ...sizes, ...shape.slice(axis + 1)];
}

export function symbolOf(sketch: Sketch): FuzzSymbol {
  return sketch.pick(sketch.symbols);
}
