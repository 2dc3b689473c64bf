// Operations along one axis, or along neighbouring ones: sums, extremes and their places.
import type { Family } from "../../wasm/families.ts";
import { REDUCE } from "../../wasm/operators.ts";
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import type { ElementType } from "../manifest.ts";
import { defineOperation } from "./define.ts";

const FAMILIES = {
  f32: "f32_reduce",
  i32: "i32_reduce",
  i64: "i64_reduce",
} as const satisfies Partial<Record<ElementType, Family>>;

/** Over `axes` neighbouring axes from `axis` on. */
export const reduce = defineOperation(
  { code: "integer", axis: "integer", axes: "integer" },
  (lowering, { code, axis, axes }) => {
    const output = lowering.output(0, "f32", "i32", "i64");
    const input = lowering.input(0, output.dtype);
    const family = FAMILIES[output.dtype as keyof typeof FAMILIES];
    const last = output.dtype === "f32" ? REDUCE.length - 1 : REDUCE.indexOf("prod");
    lowering.expectWithin("code", code, 0, last);
    const { outer, count, inner } = split(lowering, input, axis, axes);
    lowering.expect("elements of the output", output.count, outer * inner);
    lowering.work(output.count, count);
    lowering.step(family, { op: code, outer, count, inner, input: input.pointer, output: output.pointer });
  },
);

/** The index (i32) of the largest or smallest element along an axis. */
export const argreduce = defineOperation(
  { axis: "integer", largest: "integer", last: "integer" },
  (lowering, { axis, largest, last }) => {
    const [input, output] = [lowering.input(0, "f32", "i32"), lowering.output(0, "i32")];
    const { outer, count, inner } = split(lowering, input, axis, 1);
    lowering.expect("elements of the output", output.count, outer * inner);
    lowering.need(count > 0, "the axis is empty, want an element to name");
    lowering.work(output.count, count);
    const values = { largest, last, outer, count, inner, input: input.pointer, output: output.pointer };
    lowering.step(input.dtype === "f32" ? "f32_argreduce" : "i32_argreduce", values);
  },
);

/** The k largest or smallest along an axis and their indices (i32), in order. */
export const topk = defineOperation(
  { axis: "integer", largest: "integer" },
  (lowering, { axis, largest }) => {
    const input = lowering.input(0, "f32");
    const [values, indices] = [lowering.output(0, "f32"), lowering.output(1, "i32")];
    const { outer, count, inner } = split(lowering, input, axis, 1);
    const k = values.shape[axis] ?? 0;
    lowering.expectWithin("number of values", k, 0, count);
    lowering.expect("elements of the values", values.count, outer * k * inner);
    lowering.expect("elements of the indices", indices.count, values.count);
    lowering.work(outer * inner, count);
    lowering.step("f32_topk", {
      largest,
      outer,
      count,
      inner,
      k,
      input: input.pointer,
      values: values.pointer,
      indices: indices.pointer,
    });
  },
);

const SUM_FAMILIES = {
  f32: "f32_cumsum",
  i32: "i32_cumsum",
  i64: "i64_cumsum",
} as const satisfies Partial<Record<ElementType, Family>>;

/** Running sums along an axis. */
export const cumsum = defineOperation(
  { axis: "integer", exclusive: "integer", reverse: "integer" },
  (lowering, { axis, exclusive, reverse }) => {
    const output = lowering.output(0, "f32", "i32", "i64");
    const input = lowering.input(0, output.dtype);
    const family = SUM_FAMILIES[output.dtype as keyof typeof SUM_FAMILIES];
    lowering.expect("elements of the input", input.count, output.count);
    const { outer, count, inner } = split(lowering, input, axis, 1);
    lowering.work(output.count);
    const pointers = { input: input.pointer, output: output.pointer };
    lowering.step(family, { exclusive, reverse, outer, count, inner, ...pointers });
  },
);

function split(lowering: Lowering, { shape }: BoundTensor, axis: number, axes: number) {
  lowering.expectWithin("first axis", axis, 0, shape.length);
  lowering.expectWithin("number of axes", axes, 0, shape.length - axis);
  return {
    outer: elementCount(shape.slice(0, axis)),
    count: elementCount(shape.slice(axis, axis + axes)),
    inner: elementCount(shape.slice(axis + axes)),
  };
}
