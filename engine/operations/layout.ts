// Operations that move elements and compute nothing. Each writes every element of its output.
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import { ELEMENT_BYTES } from "../manifest.ts";
import { broadcastStrides, collapseLoop, sixFields, stridesOf } from "../strides.ts";
import { defineOperation } from "./define.ts";

/** Axis i of the output is axis permutation[i] of the input. */
export const transpose = defineOperation({ permutation: "integers" }, (lowering, { permutation }) => {
  const [input, output] = sameType(lowering);
  const rank = input.shape.length;
  lowering.need(
    permutation.length === rank &&
      new Set(permutation).size === rank &&
      permutation.every((axis) => axis in input.shape),
    `[${permutation}] is no permutation of ${rank} axes`,
  );
  lowering.need(
    permutation.every((axis, index) => input.shape[axis] === output.shape[index]),
    "sizes differ",
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
    lowering.need(
      output.shape.length === rank && starts.length === rank && steps.length === rank,
      "ranks differ",
    );
    for (const [axis, size] of input.shape.entries()) {
      const count = output.shape[axis]!;
      const last = starts[axis]! + (count - 1) * steps[axis]!;
      const inside = (index: number) => index >= 0 && index < size;
      lowering.need(count === 0 || (inside(starts[axis]!) && inside(last)), `axis ${axis} is left`);
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
  lowering.need(axis in output.shape, `axis ${axis}`);
  const outputStrides = stridesOf(output.shape);
  const bytes = ELEMENT_BYTES[output.dtype];
  let start = 0;
  for (let index = 0; index < lowering.inputCount; index++) {
    const input = lowering.input(index);
    lowering.need(sameKind(input, output), "types differ");
    const fits = input.shape.every((size, other) => other === axis || size === output.shape[other]);
    lowering.need(input.shape.length === output.shape.length && fits, "sizes differ");
    copy(lowering, input.shape, {
      bytes,
      input: input.pointer,
      inputStrides: stridesOf(input.shape),
      output: output.pointer + start * outputStrides[axis]! * bytes,
      outputStrides,
    });
    start += input.shape[axis]!;
  }
  lowering.need(start === output.shape[axis], `${start} along the axis, want ${output.shape[axis]}`);
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

/** Modes of the kernel: 1 reflect, 2 edge, 3 wrap. */
export const pad = defineOperation({ mode: "integer", before: "integers" }, (lowering, { mode, before }) => {
  const [input, output] = sameType(lowering);
  checkPads(lowering, input, output, before);
  lowering.need(mode >= 1 && mode <= 3 && input.count > 0, `mode ${mode}`);
  const lead = <T>(list: readonly T[], value: T) => [
    ...Array.from({ length: 6 - list.length }, () => value),
    ...list,
  ];
  lowering.need(input.shape.length <= 6, "more than six dimensions");
  lowering.work(output.count);
  lowering.step("pad", {
    elementBytes: ELEMENT_BYTES[input.dtype],
    mode,
    ...sixFields("size", lead(output.shape, 1)),
    ...sixFields("before", lead(before, 0)),
    ...sixFields("inputSize", lead(input.shape, 1)),
    input: input.pointer,
    output: output.pointer,
  });
});

/** Integers that the sizes of the inputs decide, as i32 or i64. */
export const sizes = defineOperation({ values: "integers" }, (lowering, { values }) => {
  const output = lowering.output();
  lowering.need(output.dtype === "i32" || output.dtype === "i64", "want i32 or i64");
  lowering.need(values.length === output.count, `${values.length} values for ${output.count} elements`);
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
    lowering.need(
      rows !== undefined && columns !== undefined && input.count === output.count,
      "want matrices",
    );
    lowering.work(output.count);
    lowering.step("trilu", {
      elementBytes: ELEMENT_BYTES[input.dtype],
      batch: rows! * columns! === 0 ? 0 : input.count / (rows! * columns!),
      rows: rows!,
      columns: columns!,
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
  if (loop === null) lowering.refuse("more than six dimensions that cannot be merged");
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
  lowering.need(output.shape.length === rank && before.length === rank, "ranks differ");
}

function sameType(lowering: Lowering): [input: BoundTensor, output: BoundTensor] {
  const [input, output] = [lowering.input(), lowering.output()];
  lowering.need(sameKind(input, output), "types differ");
  return [input, output];
}

/** Of one type, and for qs8 of one meaning. */
function sameKind(a: BoundTensor, b: BoundTensor): boolean {
  return a.dtype === b.dtype && a.scale === b.scale && a.zeroPoint === b.zeroPoint;
}
