// What an operation of the manifest is: the fields that it carries, and how it becomes kernel calls.
import type { Lowering } from "../lowering.ts";
import type { Dimension, WeightRange } from "../manifest.ts";

/** integer: a dimension. integers: a list of dimensions. real: an f32. weights: packed weights. */
export type FieldType = "integer" | "integers" | "real" | "weights";

/** Name → type, in wire order. */
export type Fields = Readonly<Record<string, FieldType>>;

/** As the manifest has it. */
export type Attributes<F extends Fields> = {
  readonly [N in keyof F]: F[N] extends "integer"
    ? Dimension
    : F[N] extends "integers"
      ? readonly Dimension[]
      : F[N] extends "real"
        ? number
        : WeightRange;
};

/** Once every symbol has a value. */
export type BoundAttributes<F extends Fields> = {
  readonly [N in keyof F]: F[N] extends "integers"
    ? readonly number[]
    : F[N] extends "weights"
      ? WeightRange
      : number;
};

/** Clamps what is stored, integers for qs8 and reals for f32; then, f32 only, activates it and adds `offset`. */
export const OUTPUT = { min: "real", max: "real", activation: "integer", offset: "real" } as const;

/** What the list of operations holds. */
export interface Operation<F extends Fields> {
  readonly fields: F;
  /** Throws InferenceError manifest_invalid for whatever does not fit together. */
  lower(lowering: Lowering, attributes: BoundAttributes<F>): void;
}

/** Each axis of the shape once. */
export function checkPermutation(
  lowering: Lowering,
  order: readonly number[],
  shape: readonly number[],
): void {
  const rank = shape.length;
  const isPermutation =
    order.length === rank && new Set(order).size === rank && order.every((axis) => axis in shape);
  lowering.need(isPermutation, `[${order}] is no permutation of the axes of [${shape}]`);
}

export function defineOperation<const F extends Fields>(
  fields: F,
  lower: (lowering: Lowering, attributes: BoundAttributes<F>) => void,
): Operation<F> {
  return { fields, lower };
}
