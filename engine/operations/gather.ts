// Operations that read or write where an index tensor (i32 or i64) says. Indices out of range are clamped, so that
// whatever a request asks for stays inside the tensor.
import { SCATTER, SCATTER_TYPE } from "../../wasm/operators.ts";
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import { ELEMENT_BYTES, type ElementType } from "../manifest.ts";
import { KERNEL_DIMENSIONS, padEnd, padStart, sixFields, stridesOf } from "../strides.ts";
import { defineOperation } from "./define.ts";

/** The slices of an axis that the indices name. */
export const gather = defineOperation({ axis: "integer" }, (lowering, { axis }) => {
  const { input, indices, output } = readGathered(lowering);
  const axisSize = sizeOf(lowering, input, axis);
  const outer = elementCount(input.shape.slice(0, axis));
  const inner = elementCount(input.shape.slice(axis + 1));
  lowering.expect("elements of the output", output.count, outer * indices.count * inner);
  checkPlaces(lowering, indices, axisSize);
  lowering.work(output.count);
  lowering.step("gather", {
    outer,
    axisSize,
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
  const { input, indices, output } = readGathered(lowering);
  lowering.expect("elements of the output", output.count, indices.count);
  const { strides, ...values } = elements(lowering, axis, input, indices);
  lowering.work(output.count);
  lowering.step("gather_elements", {
    ...values,
    ...sixFields("inputStride", strides),
    input: input.pointer,
    indices: indices.pointer,
    output: output.pointer,
  });
});

/** The slices that tuples of indices name, behind `batch` axes that both have. */
export const gather_nd = defineOperation({ batch: "integer" }, (lowering, { batch }) => {
  const { input, indices, output } = readGathered(lowering);
  const { block, ...values } = tuples(lowering, batch, input, indices);
  lowering.expect("elements of the output", output.count, values.batch * values.count * block);
  lowering.work(output.count);
  const pointers = { input: input.pointer, indices: indices.pointer, output: output.pointer };
  lowering.step("gather_nd", { ...values, ...pointers });
});

/** A copy of the input with the slices that tuples of indices name replaced by the updates, one after the other. */
export const scatter_nd = defineOperation({ reduction: "integer" }, (lowering, { reduction }) => {
  const { input, indices, updates, output } = readScattered(lowering);
  const { block, ...values } = tuples(lowering, 0, input, indices);
  lowering.expect("elements of the updates", updates.count, values.count * block);
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
    const { input, indices, updates, output } = readScattered(lowering);
    lowering.expect("elements of the updates", updates.count, indices.count);
    const { strides, ...values } = elements(lowering, axis, input, indices);
    lowering.work(updates.count);
    lowering.step("scatter_elements", {
      ...values,
      ...sixFields("outputStride", strides),
      type: reductionType(lowering, output.dtype, reduction),
      reduction,
      indices: indices.pointer,
      updates: updates.pointer,
      output: output.pointer,
    });
  },
);

function readGathered(lowering: Lowering) {
  const output = lowering.output();
  return { input: lowering.input(0, output.dtype), indices: lowering.input(1, "i32", "i64"), output };
}

/** The output begins as a copy of the input. */
function readScattered(lowering: Lowering) {
  const { input, indices, output } = readGathered(lowering);
  lowering.expect("elements of the output", output.count, input.count);
  lowering.work(output.count);
  const strides = padStart([1], 0);
  lowering.step("copy", {
    elementBytes: ELEMENT_BYTES[input.dtype],
    ...sixFields("size", padStart([input.count], 1)),
    ...sixFields("inputStride", strides),
    ...sixFields("outputStride", strides),
    input: input.pointer,
    output: output.pointer,
  });
  return { input, indices, updates: lowering.input(2, output.dtype), output };
}

/** What the kernel combines with: bytes where they are only replaced. */
function reductionType(lowering: Lowering, dtype: ElementType, reduction: number): number {
  const types: readonly string[] = SCATTER_TYPE;
  const most = types.includes(dtype) ? SCATTER.length - 1 : 0;
  lowering.expectWithin(`reduction of ${dtype}`, reduction, 0, most);
  return types.indexOf(SCATTER[reduction] === "none" ? "bytes" : dtype);
}

function sizeOf(lowering: Lowering, { shape }: BoundTensor, axis: number): number {
  return shape[axis] ?? lowering.refuse(`axis ${axis} of an input [${shape}]`);
}

/** An index is clamped to what there is, so there has to be something. */
function checkPlaces(lowering: Lowering, indices: BoundTensor, places: number): void {
  lowering.need(places > 0 || indices.count === 0, `${indices.count} indices into nothing, want none`);
}

function elements(lowering: Lowering, axis: number, input: BoundTensor, indices: BoundTensor) {
  const axisSize = sizeOf(lowering, input, axis);
  const rank = input.shape.length;
  lowering.expectWithin("dimensions of the input", rank, 1, KERNEL_DIMENSIONS);
  lowering.expect("dimensions of the indices", indices.shape.length, rank);
  const fits = indices.shape.every((size, other) => other === axis || size <= input.shape[other]!);
  lowering.need(fits, `indices of [${indices.shape}] reach out of [${input.shape}] beside axis ${axis}`);
  checkPlaces(lowering, indices, axisSize);
  return {
    elementBytes: ELEMENT_BYTES[input.dtype],
    indexBytes: ELEMENT_BYTES[indices.dtype],
    axis: axis + KERNEL_DIMENSIONS - rank,
    axisSize,
    ...sixFields("size", padStart(indices.shape, 1)),
    strides: padStart(stridesOf(input.shape), 0),
  };
}

/** `block`: the elements that a tuple names. */
function tuples(lowering: Lowering, batch: number, input: BoundTensor, indices: BoundTensor) {
  const depth = indices.shape.at(-1) ?? 0;
  const most = Math.min(KERNEL_DIMENSIONS, input.shape.length - batch);
  lowering.expectWithin("batch axes", batch, 0, indices.shape.length - 1);
  lowering.expectWithin("indices of a tuple", depth, 1, most);
  lowering.expectShape("the indices' batch", indices.shape.slice(0, batch), input.shape.slice(0, batch));
  checkPlaces(lowering, indices, input.count);
  const bytes = ELEMENT_BYTES[input.dtype];
  const strides = stridesOf(input.shape).map((stride) => stride * bytes);
  const block = elementCount(input.shape.slice(batch + depth));
  return {
    block,
    indexBytes: ELEMENT_BYTES[indices.dtype],
    batch: elementCount(input.shape.slice(0, batch)),
    count: elementCount(indices.shape.slice(batch, -1)),
    depth,
    ...sixFields("size", padEnd(input.shape.slice(batch, batch + depth), 1)),
    ...sixFields("stride", padEnd(strides.slice(batch, batch + depth), 0)),
    batchBytes: elementCount(input.shape.slice(batch)) * bytes,
    blockBytes: block * bytes,
  };
}
