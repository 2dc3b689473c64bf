// Operations along one axis, or along neighbouring ones: sums, extremes and their places.
import type { Family } from "../../wasm/kernels.ts";
import { REDUCE } from "../../wasm/operators.ts";
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import type { ElementType } from "../manifest.ts";
import { defineOperation } from "./define.ts";

const FAMILIES = {
  f32: "f32_reduce",
  i32: "i32_reduce",
  i64: "i64_reduce",
  f64: null,
  u8: null,
  qs8: null,
  bool: null,
} as const satisfies Record<ElementType, Family | null>;

/** Over `axes` neighbouring axes from `axis` on. */
export const reduce = defineOperation(
  { code: "integer", axis: "integer", axes: "integer" },
  (lowering, { code, axis, axes }) => {
    const [input, output] = [lowering.input(), lowering.output()];
    const family = FAMILIES[input.dtype];
    if (family === null || output.dtype !== input.dtype) return lowering.refuse(`a ${input.dtype} input`);
    lowering.need(code in REDUCE, `code ${code}`);
    const { outer, count, inner } = split(lowering, input, axis, axes);
    lowering.need(output.count === outer * inner, "sizes differ");
    lowering.work(output.count, count);
    lowering.step(family, { op: code, outer, count, inner, input: input.pointer, output: output.pointer });
  },
);

/** The index (i32) of the largest or smallest element along an axis. */
export const argreduce = defineOperation(
  { axis: "integer", largest: "integer", last: "integer" },
  (lowering, { axis, largest, last }) => {
    const [input, output] = [lowering.input(), lowering.output()];
    const family = { f32: "f32_argreduce", i32: "i32_argreduce" } as const;
    lowering.need((input.dtype === "f32" || input.dtype === "i32") && output.dtype === "i32", "types");
    const { outer, count, inner } = split(lowering, input, axis, 1);
    lowering.need(output.count === outer * inner && count > 0, "sizes");
    lowering.work(output.count, count);
    const values = { largest, last, outer, count, inner, input: input.pointer, output: output.pointer };
    lowering.step(family[input.dtype as "f32" | "i32"], values);
  },
);

/** The k largest or smallest along an axis and their indices (i32), in order. */
export const topk = defineOperation(
  { axis: "integer", largest: "integer" },
  (lowering, { axis, largest }) => {
    const [input, values, indices] = [lowering.input(), lowering.output(0), lowering.output(1)];
    lowering.need(input.dtype === "f32" && values.dtype === "f32" && indices.dtype === "i32", "types");
    const { outer, count, inner } = split(lowering, input, axis, 1);
    const k = values.shape[axis] ?? 0;
    lowering.need(
      k <= count && values.count === outer * k * inner && indices.count === values.count,
      "sizes",
    );
    lowering.work(outer * inner, count);
    lowering.step("f32_topk", {
      largest,
      sorted: 1,
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
  f64: null,
  u8: null,
  qs8: null,
  bool: null,
} as const satisfies Record<ElementType, Family | null>;

/** Running sums along an axis. */
export const cumsum = defineOperation(
  { axis: "integer", exclusive: "integer", reverse: "integer" },
  (lowering, { axis, exclusive, reverse }) => {
    const [input, output] = [lowering.input(), lowering.output()];
    const family = SUM_FAMILIES[input.dtype];
    if (family === null || output.dtype !== input.dtype) return lowering.refuse(`a ${input.dtype} input`);
    lowering.need(input.count === output.count, "sizes differ");
    const { outer, count, inner } = split(lowering, input, axis, 1);
    lowering.work(output.count);
    const pointers = { input: input.pointer, output: output.pointer };
    lowering.step(family, { exclusive, reverse, outer, count, inner, ...pointers });
  },
);

function split(lowering: Lowering, { shape }: BoundTensor, axis: number, axes: number) {
  lowering.need(axis >= 0 && axes >= 0 && axis + axes <= shape.length, `axes ${axis} to ${axis + axes}`);
  return {
    outer: elementCount(shape.slice(0, axis)),
    count: elementCount(shape.slice(axis, axis + axes)),
    inner: elementCount(shape.slice(axis + axes)),
  };
}
