// Operations that move elements and compute nothing. Each writes every element of its output.
import { PAD } from "../../wasm/operators.ts";
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import { ELEMENT_BYTES } from "../manifest.ts";
import {
  broadcastStrides,
  collapseLoop,
  KERNEL_DIMENSIONS,
  padStart,
  sixFields,
  stridesOf,
  TOO_MANY_DIMENSIONS,
} from "../strides.ts";
import { checkPermutation, defineOperation } from "./define.ts";

/** Axis i of the output is axis permutation[i] of the input. */
export const transpose = defineOperation({ permutation: "integers" }, (lowering, { permutation }) => {
  const [input, output] = sameType(lowering);
  checkPermutation(lowering, permutation, input.shape);
  lowering.expectShape(
    "the output",
    output.shape,
    permutation.map((axis) => input.shape[axis]!),
  );
  const strides = stridesOf(input.shape);
  copy(lowering, output.shape, {
    bytes: ELEMENT_BYTES[input.dtype],
    input: input.pointer,
    inputStrides: permutation.map((axis) => strides[axis]!),
    output: output.pointer,
    outputStrides: stridesOf(output.shape),
  });
});

/** output[i] = input[starts + i · steps] along every axis. Steps may be negative. */
export const slice = defineOperation(
  { starts: "integers", steps: "integers" },
  (lowering, { starts, steps }) => {
    const [input, output] = sameType(lowering);
    const rank = input.shape.length;
    lowering.expect("dimensions of the output", output.shape.length, rank);
    for (const list of [starts, steps]) lowering.expect("axes of a slice", list.length, rank);
    for (const [axis, size] of input.shape.entries()) {
      const count = output.shape[axis]!;
      const last = starts[axis]! + (count - 1) * steps[axis]!;
      const inside = (index: number) => index >= 0 && index < size;
      lowering.need(
        count === 0 || (inside(starts[axis]!) && inside(last)),
        `${starts[axis]} to ${last} along axis ${axis}, want 0 to ${size - 1}`,
      );
    }
    const strides = stridesOf(input.shape);
    const bytes = ELEMENT_BYTES[input.dtype];
    const first =
      output.count === 0 ? 0 : starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
    copy(lowering, output.shape, {
      bytes,
      input: input.pointer + first * bytes,
      inputStrides: strides.map((stride, axis) => stride * steps[axis]!),
      output: output.pointer,
      outputStrides: stridesOf(output.shape),
    });
  },
);

/** The inputs one behind the other along an axis. */
export const concat = defineOperation({ axis: "integer" }, (lowering, { axis }) => {
  const output = lowering.output();
  lowering.expectWithin("axis", axis, 0, output.shape.length - 1);
  const outputStrides = stridesOf(output.shape);
  const bytes = ELEMENT_BYTES[output.dtype];
  let start = 0;
  for (let index = 0; index < lowering.inputCount; index++) {
    const input = lowering.input(index);
    checkKind(lowering, input, output);
    const size = input.shape[axis] ?? lowering.refuse(`axis ${axis} of an input [${input.shape}]`);
    lowering.expectShape("an input", input.shape, output.shape.with(axis, size));
    copy(lowering, input.shape, {
      bytes,
      input: input.pointer,
      inputStrides: stridesOf(input.shape),
      output: output.pointer + start * outputStrides[axis]! * bytes,
      outputStrides,
    });
    start += size;
  }
  lowering.expect("sizes along the axis together", start, output.shape[axis]!);
});

/** Sizes of 1 repeated, right-aligned. */
export const expand = defineOperation({}, (lowering) => {
  const [input, output] = sameType(lowering);
  const inputStrides = broadcastStrides(input.shape, output.shape);
  if (inputStrides === null) return lowering.refuse(`[${input.shape}] does not repeat to [${output.shape}]`);
  copy(lowering, output.shape, {
    bytes: ELEMENT_BYTES[input.dtype],
    input: input.pointer,
    inputStrides,
    output: output.pointer,
    outputStrides: stridesOf(output.shape),
  });
});

/** Every element the same: the low and high 32 bits of one. */
export const fill = defineOperation({ low: "integer", high: "integer" }, (lowering, { low, high }) => {
  fillWith(lowering, lowering.output(), low, high);
});

/** The input inside a larger output that is filled with one value (its low and high 32 bits). */
export const pad_constant = defineOperation(
  { before: "integers", low: "integer", high: "integer" },
  (lowering, { before, low, high }) => {
    const [input, output] = sameType(lowering);
    checkPads(lowering, input, output, before);
    fillWith(lowering, output, low, high);
    const bytes = ELEMENT_BYTES[input.dtype];
    const [inputStrides, outputStrides] = [stridesOf(input.shape), stridesOf(output.shape)];
    // Negative pads crop: what lies outside the output is left out.
    const starts = before.map((pad) => Math.max(0, -pad));
    const sizes = input.shape.map((size, axis) => {
      const end = Math.min(size, output.shape[axis]! - before[axis]!);
      return Math.max(0, end - starts[axis]!);
    });
    if (sizes.includes(0)) return;
    const from = starts.reduce((sum, start, axis) => sum + start * inputStrides[axis]!, 0);
    const to = before.reduce((sum, pad, axis) => sum + Math.max(0, pad) * outputStrides[axis]!, 0);
    copy(lowering, sizes, {
      bytes,
      input: input.pointer + from * bytes,
      inputStrides,
      output: output.pointer + to * bytes,
      outputStrides,
    });
  },
);

/** What lies outside of the input is found inside of it, as the mode says; padding with a constant is pad_constant. */
export const pad = defineOperation({ mode: "integer", before: "integers" }, (lowering, { mode, before }) => {
  const [input, output] = sameType(lowering);
  checkPads(lowering, input, output, before);
  lowering.expectWithin("mode", mode, PAD.indexOf("constant") + 1, PAD.length - 1);
  lowering.need(input.count > 0, `the input of [${input.shape}] is empty, want something to repeat`);
  lowering.expectWithin("dimensions", input.shape.length, 0, KERNEL_DIMENSIONS);
  lowering.work(output.count);
  lowering.step("pad", {
    elementBytes: ELEMENT_BYTES[input.dtype],
    mode,
    ...sixFields("size", padStart(output.shape, 1)),
    ...sixFields("before", padStart(before, 0)),
    ...sixFields("inputSize", padStart(input.shape, 1)),
    input: input.pointer,
    output: output.pointer,
  });
});

/** Integers that the sizes of the inputs decide, as i32 or i64. */
export const sizes = defineOperation({ values: "integers" }, (lowering, { values }) => {
  const output = lowering.output(0, "i32", "i64");
  lowering.expect("number of values", values.length, output.count);
  const bytes = ELEMENT_BYTES[output.dtype];
  lowering.work(output.count);
  for (const [index, value] of values.entries()) {
    lowering.step("fill", {
      elementBytes: bytes,
      length: 1,
      low: value | 0,
      high: value < 0 ? -1 : 0,
      output: output.pointer + index * bytes,
    });
  }
});

/** Keeps the upper or the lower triangle of each matrix, zero elsewhere. */
export const trilu = defineOperation(
  { upper: "integer", diagonal: "integer" },
  (lowering, { upper, diagonal }) => {
    const [input, output] = sameType(lowering);
    const [rows, columns] = input.shape.slice(-2);
    if (rows === undefined || columns === undefined)
      return lowering.refuse(`[${input.shape}], want matrices`);
    lowering.expect("elements of the output", output.count, input.count);
    lowering.work(output.count);
    lowering.step("trilu", {
      elementBytes: ELEMENT_BYTES[input.dtype],
      batch: elementCount(input.shape.slice(0, -2)),
      rows,
      columns,
      diagonal,
      upper,
      input: input.pointer,
      output: output.pointer,
    });
  },
);

interface Copy {
  readonly bytes: number;
  readonly input: number;
  readonly inputStrides: readonly number[];
  readonly output: number;
  readonly outputStrides: readonly number[];
}

function copy(lowering: Lowering, sizes: readonly number[], move: Copy): void {
  const loop = collapseLoop(sizes, [move.inputStrides, move.outputStrides]);
  if (loop === null) lowering.refuse(TOO_MANY_DIMENSIONS);
  lowering.work(elementCount(sizes));
  lowering.step("copy", {
    elementBytes: move.bytes,
    ...sixFields("size", loop.sizes),
    ...sixFields("inputStride", loop.strides[0]!),
    ...sixFields("outputStride", loop.strides[1]!),
    input: move.input,
    output: move.output,
  });
}

function fillWith(lowering: Lowering, output: BoundTensor, low: number, high: number): void {
  lowering.work(output.count);
  const elementBytes = ELEMENT_BYTES[output.dtype];
  lowering.step("fill", { elementBytes, length: output.count, low, high, output: output.pointer });
}

function checkPads(
  lowering: Lowering,
  input: BoundTensor,
  output: BoundTensor,
  before: readonly number[],
): void {
  const rank = input.shape.length;
  lowering.expect("dimensions of the output", output.shape.length, rank);
  lowering.expect("axes that are padded", before.length, rank);
}

function sameType(lowering: Lowering): [input: BoundTensor, output: BoundTensor] {
  const [input, output] = [lowering.input(), lowering.output()];
  checkKind(lowering, input, output);
  return [input, output];
}

/** Of one type, and for qs8 of one meaning. */
function checkKind(lowering: Lowering, input: BoundTensor, output: BoundTensor): void {
  for (const name of ["dtype", "scale", "zeroPoint"] as const) {
    lowering.expect(`${name} of an input`, input[name], output[name]);
  }
}
