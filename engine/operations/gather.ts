// Operations that read or write where an index tensor (i32 or i64) says. Indices out of range are clamped, so that
// whatever a request asks for stays inside the tensor.
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import { ELEMENT_BYTES, type ElementType } from "../manifest.ts";
import { sixFields, stridesOf } from "../strides.ts";
import { defineOperation } from "./define.ts";

/** The slices of an axis that the indices name. */
export const gather = defineOperation({ axis: "integer" }, (lowering, { axis }) => {
  const [input, indices, output] = [lowering.input(0), lowering.input(1), lowering.output()];
  lowering.need(axis in input.shape, `axis ${axis}`);
  const outer = elementCount(input.shape.slice(0, axis));
  const inner = elementCount(input.shape.slice(axis + 1));
  lowering.need(output.count === outer * indices.count * inner, "sizes differ");
  checkIndexed(lowering, input, indices, output, input.shape[axis]! > 0);
  lowering.work(output.count);
  lowering.step("gather", {
    outer,
    axisSize: input.shape[axis]!,
    count: indices.count,
    blockBytes: inner * ELEMENT_BYTES[input.dtype],
    indexBytes: ELEMENT_BYTES[indices.dtype],
    input: input.pointer,
    indices: indices.pointer,
    output: output.pointer,
  });
});

/** output[i, j] = input[indices[i, j], j] along the axis. */
export const gather_elements = defineOperation({ axis: "integer" }, (lowering, { axis }) => {
  const [input, indices, output] = [lowering.input(0), lowering.input(1), lowering.output()];
  lowering.need(output.count === indices.count, "sizes differ");
  checkIndexed(lowering, input, indices, output, (input.shape[axis] ?? 0) > 0);
  lowering.work(output.count);
  lowering.step("gather_elements", {
    ...elements(lowering, axis, input, indices),
    input: input.pointer,
    indices: indices.pointer,
    output: output.pointer,
  });
});

/** The slices that tuples of indices name, behind `batch` axes that both have. */
export const gather_nd = defineOperation({ batch: "integer" }, (lowering, { batch }) => {
  const [input, indices, output] = [lowering.input(0), lowering.input(1), lowering.output()];
  const values = tuples(lowering, batch, input, indices);
  lowering.need(
    output.count * ELEMENT_BYTES[output.dtype] === values.batch * values.count * values.blockBytes,
    "sizes",
  );
  checkIndexed(lowering, input, indices, output, input.count > 0);
  lowering.work(output.count);
  const pointers = { input: input.pointer, indices: indices.pointer, output: output.pointer };
  lowering.step("gather_nd", { ...values, ...pointers });
});

/** 0 replaces, 1 adds, 2 multiplies, 3 takes the larger, 4 the smaller. */
const MAX_REDUCTION = 4;

/** A copy of the input with the slices that tuples of indices name replaced by the updates, one after the other. */
export const scatter_nd = defineOperation({ reduction: "integer" }, (lowering, { reduction }) => {
  const [input, indices, updates] = [lowering.input(0), lowering.input(1), lowering.input(2)];
  const output = copyInput(lowering, input);
  const { batchBytes: _none, ...values } = tuples(lowering, 0, input, indices);
  lowering.need(
    updates.count * ELEMENT_BYTES[updates.dtype] === values.count * values.blockBytes,
    "sizes of updates",
  );
  checkIndexed(lowering, updates, indices, output, input.count > 0);
  lowering.work(updates.count);
  lowering.step("scatter_nd", {
    ...values,
    batchBytes: 0,
    type: reductionType(lowering, output.dtype, reduction),
    reduction,
    indices: indices.pointer,
    updates: updates.pointer,
    output: output.pointer,
  });
});

/** A copy of the input with output[indices[i, j], j] = updates[i, j] along the axis. */
export const scatter_elements = defineOperation(
  { axis: "integer", reduction: "integer" },
  (lowering, { axis, reduction }) => {
    const [input, indices, updates] = [lowering.input(0), lowering.input(1), lowering.input(2)];
    const output = copyInput(lowering, input);
    lowering.need(updates.count === indices.count, "sizes of updates");
    checkIndexed(lowering, updates, indices, output, (input.shape[axis] ?? 0) > 0);
    lowering.work(updates.count);
    const { inputStride0, inputStride1, inputStride2, inputStride3, inputStride4, inputStride5, ...values } =
      elements(lowering, axis, input, indices);
    lowering.step("scatter_elements", {
      ...values,
      ...sixFields("outputStride", [
        inputStride0,
        inputStride1,
        inputStride2,
        inputStride3,
        inputStride4,
        inputStride5,
      ]),
      type: reductionType(lowering, output.dtype, reduction),
      reduction,
      indices: indices.pointer,
      updates: updates.pointer,
      output: output.pointer,
    });
  },
);

function checkIndexed(
  lowering: Lowering,
  input: BoundTensor,
  indices: BoundTensor,
  output: BoundTensor,
  nonEmpty: boolean,
): void {
  lowering.need(input.dtype === output.dtype, "types differ");
  lowering.need(indices.dtype === "i32" || indices.dtype === "i64", "want i32 or i64 indices");
  lowering.need(nonEmpty || indices.count === 0, "indices into nothing");
}

function copyInput(lowering: Lowering, input: BoundTensor): BoundTensor {
  const output = lowering.output();
  lowering.need(input.dtype === output.dtype && input.count === output.count, "input and output differ");
  lowering.work(output.count);
  const row = { ...sixFields("size", [1, 1, 1, 1, 1, input.count]) };
  const strides = [0, 0, 0, 0, 0, 1];
  lowering.step("copy", {
    elementBytes: ELEMENT_BYTES[input.dtype],
    ...row,
    ...sixFields("inputStride", strides),
    ...sixFields("outputStride", strides),
    input: input.pointer,
    output: output.pointer,
  });
  return output;
}

/** What the kernel combines with: bytes that are only replaced, or f32, i32, i64. */
function reductionType(lowering: Lowering, dtype: ElementType, reduction: number): number {
  lowering.need(reduction >= 0 && reduction <= MAX_REDUCTION, `reduction ${reduction}`);
  const type = ["f32", "i32", "i64"].indexOf(dtype) + 1;
  lowering.need(reduction === 0 || type > 0, `a reduction of ${dtype}`);
  return reduction === 0 ? 0 : type;
}

function elements(lowering: Lowering, axis: number, input: BoundTensor, indices: BoundTensor) {
  const rank = input.shape.length;
  lowering.need(rank >= 1 && rank <= 6 && indices.shape.length === rank && axis in input.shape, "ranks");
  const fits = indices.shape.every((each, other) => other === axis || each <= input.shape[other]!);
  lowering.need(fits, "indices reach outside");
  const lead = 6 - rank;
  const pad = (list: readonly number[], value: number) => [
    ...Array.from({ length: lead }, () => value),
    ...list,
  ];
  return {
    elementBytes: ELEMENT_BYTES[input.dtype],
    indexBytes: ELEMENT_BYTES[indices.dtype],
    axis: axis + lead,
    axisSize: input.shape[axis]!,
    ...sixFields("size", pad(indices.shape, 1)),
    ...sixFields("inputStride", pad(stridesOf(input.shape), 0)),
  };
}

function tuples(lowering: Lowering, batch: number, input: BoundTensor, indices: BoundTensor) {
  const depth = indices.shape.at(-1) ?? 0;
  lowering.need(
    depth >= 1 && depth <= 6 && batch >= 0 && batch + depth <= input.shape.length,
    `${depth} indices`,
  );
  const sameBatch = input.shape.slice(0, batch).every((each, axis) => each === indices.shape[axis]);
  lowering.need(indices.shape.length > batch && sameBatch, "batch axes differ");
  const bytes = ELEMENT_BYTES[input.dtype];
  const strides = stridesOf(input.shape).map((stride) => stride * bytes);
  const indexed = input.shape.slice(batch, batch + depth);
  const pad = (list: readonly number[], value: number) => [
    ...list,
    ...Array.from({ length: 6 - depth }, () => value),
  ];
  return {
    indexBytes: ELEMENT_BYTES[indices.dtype],
    batch: elementCount(input.shape.slice(0, batch)),
    count: elementCount(indices.shape.slice(batch, -1)),
    depth,
    ...sixFields("size", pad(indexed, 1)),
    ...sixFields("stride", pad(strides.slice(batch, batch + depth), 0)),
    batchBytes: elementCount(input.shape.slice(batch)) * bytes,
    blockBytes: elementCount(input.shape.slice(batch + depth)) * bytes,
  };
}
