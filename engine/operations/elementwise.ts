// Operations that compute each element of the output from the elements at its place.
import type { Family } from "../../wasm/families.ts";
import { BINARY, CAST, COMPARE, UNARY } from "../../wasm/operators.ts";
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import { ELEMENT_BYTES, type ElementType } from "../manifest.ts";
import { broadcastStrides, collapseLoop, sixFields, TOO_MANY_DIMENSIONS } from "../strides.ts";
import { defineOperation } from "./define.ts";

/** Bytes of the asker to what a model computes on: exact for qs8 (q = byte − 128), byte · scale + bias for f32. */
export const convert = defineOperation({ scale: "real", bias: "real" }, (lowering, { scale, bias }) => {
  const [input, output] = [lowering.input(0, "u8"), lowering.output(0, "qs8", "f32")];
  const length = output.count;
  lowering.expect("number of bytes", input.count, length);
  lowering.work(length);
  const values = { length, input: input.pointer, output: output.pointer };
  if (output.dtype === "qs8") return lowering.step("u8_qs8_convert", values);
  lowering.step("u8_f32_convert", { ...values, scale, bias });
});

/** The sum of two tensors of one shape, requantized for qs8. */
export const add = defineOperation({ min: "real", max: "real" }, (lowering, { min, max }) => {
  const output = lowering.output(0, "f32", "qs8");
  const [a, b] = [lowering.input(0, output.dtype), lowering.input(1, output.dtype)];
  const length = output.count;
  for (const term of [a, b]) lowering.expect("elements of a term", term.count, length);
  lowering.work(length);
  const values = {
    length,
    a: a.pointer,
    b: b.pointer,
    output: output.pointer,
    ...lowering.clamp(min, max, output.dtype),
  };
  if (output.dtype === "f32") return lowering.step("f32_vadd", values);
  const scaleA = lowering.multiplier(a.scale / output.scale);
  const scaleB = lowering.multiplier(b.scale / output.scale);
  const bias = output.zeroPoint - a.zeroPoint * scaleA - b.zeroPoint * scaleB;
  lowering.step("qs8_vadd", { ...values, scaleA, scaleB, bias });
});

/** Codes of wasm/operators.ts; f32. */
export const unary = defineOperation(
  { code: "integer", alpha: "real", beta: "real" },
  (lowering, { code, alpha, beta }) => {
    const [input, output] = [lowering.input(0, "f32"), lowering.output(0, "f32")];
    lowering.expect("elements of the input", input.count, output.count);
    lowering.expectWithin("code", code, 0, UNARY.length - 1);
    lowering.work(output.count);
    const pointers = { input: input.pointer, output: output.pointer };
    lowering.step("f32_vunary", { op: code, length: output.count, ...pointers, alpha, beta });
  },
);

const BINARY_FAMILIES = {
  f32: "f32_vbinary",
  f64: "f64_vbinary",
  i32: "i32_vbinary",
  i64: "i64_vbinary",
  u8: "u8_vbinary",
  bool: "u8_vbinary",
  qs8: null,
} as const satisfies Record<ElementType, Family | null>;

/** Both operands of the output's type, repeated to its shape. */
export const binary = defineOperation({ code: "integer" }, (lowering, { code }) => {
  const { dtype } = lowering.output();
  const [a, b] = [lowering.input(0, dtype), lowering.input(1, dtype)];
  lowering.expectWithin("code", code, 0, BINARY.length - 1);
  combine(lowering, BINARY_FAMILIES, code, a, b);
});

const COMPARE_FAMILIES = {
  f32: "f32_vcompare",
  f64: "f64_vcompare",
  i32: "i32_vcompare",
  i64: "i64_vcompare",
  u8: "u8_vcompare",
  bool: "u8_vcompare",
  qs8: null,
} as const satisfies Record<ElementType, Family | null>;

/** Both operands of one type, repeated to the shape of the output, which is bool. */
export const compare = defineOperation({ code: "integer" }, (lowering, { code }) => {
  lowering.output(0, "bool");
  const a = lowering.input(0);
  const b = lowering.input(1, a.dtype);
  lowering.expectWithin("code", code, 0, COMPARE.length - 1);
  combine(lowering, COMPARE_FAMILIES, code, a, b);
});

function combine(
  lowering: Lowering,
  families: typeof BINARY_FAMILIES | typeof COMPARE_FAMILIES,
  op: number,
  a: BoundTensor,
  b: BoundTensor,
): void {
  const family = families[a.dtype];
  if (family === null) lowering.refuse(`operands are ${a.dtype}, which no kernel takes`);
  const output = lowering.output();
  const loop = broadcast(lowering, [a, b], output);
  lowering.work(output.count);
  lowering.step(family, {
    op,
    ...sixFields("size", loop.sizes),
    ...sixFields("aStride", loop.strides[0]!),
    ...sixFields("bStride", loop.strides[1]!),
    a: a.pointer,
    b: b.pointer,
    output: output.pointer,
  });
}

/** The first where the condition (bool) holds, else the second. */
export const select = defineOperation({}, (lowering) => {
  const output = lowering.output();
  const condition = lowering.input(0, "bool");
  const [a, b] = [lowering.input(1, output.dtype), lowering.input(2, output.dtype)];
  const loop = broadcast(lowering, [condition, a, b], output);
  lowering.work(output.count);
  lowering.step("vselect", {
    elementBytes: ELEMENT_BYTES[output.dtype],
    ...sixFields("size", loop.sizes),
    ...sixFields("conditionStride", loop.strides[0]!),
    ...sixFields("aStride", loop.strides[1]!),
    ...sixFields("bStride", loop.strides[2]!),
    condition: condition.pointer,
    a: a.pointer,
    b: b.pointer,
    output: output.pointer,
  });
});

/** The loop over the output in which each operand repeats as it has to. */
export function broadcast(lowering: Lowering, operands: readonly BoundTensor[], output: BoundTensor) {
  const strides = operands.map(
    ({ shape }) =>
      broadcastStrides(shape, output.shape) ??
      lowering.refuse(`[${shape}] does not repeat to [${output.shape}]`),
  );
  // The output is contiguous, so it merges wherever the operands do.
  const loop = collapseLoop(output.shape, strides);
  return loop ?? lowering.refuse(TOO_MANY_DIMENSIONS);
}

/** A qs8 tensor stands for its stored integers here. */
const castCode = (dtype: ElementType): number => CAST.indexOf(dtype === "qs8" ? "i8" : dtype);

/** From type to type. */
export const cast = defineOperation({}, (lowering) => {
  const [input, output] = [lowering.input(), lowering.output()];
  lowering.expect("elements of the input", input.count, output.count);
  lowering.work(output.count);
  lowering.step("vcast", {
    from: castCode(input.dtype),
    to: castCode(output.dtype),
    length: output.count,
    input: input.pointer,
    output: output.pointer,
  });
});

/** f32 → u8 or qs8. Inputs: values, scales (f32), zero points (i32); one of each for every index of the axis, or one. */
export const quantize = defineOperation({ axis: "integer" }, (lowering, { axis }) => {
  const signed = lowering.output(0, "u8", "qs8").dtype === "qs8";
  lowering.step("f32_quantize", {
    ...readQuantization(lowering, lowering.input(0, "f32"), axis),
    outputMin: signed ? -128 : 0,
    outputMax: signed ? 127 : 255,
  });
});

/** u8, qs8 or i32 → f32, as quantize. */
export const dequantize = defineOperation({ axis: "integer" }, (lowering, { axis }) => {
  lowering.output(0, "f32");
  const input = lowering.input(0, "u8", "qs8", "i32");
  const values = readQuantization(lowering, input, axis);
  if (input.dtype === "i32") {
    const { zeroPoints: _none, ...rest } = values;
    return lowering.step("i32_dequantize", rest);
  }
  lowering.step("x8_dequantize", { ...values, signed: input.dtype === "qs8" ? 1 : 0 });
});

function readQuantization(lowering: Lowering, input: BoundTensor, axis: number) {
  const [scales, zeroPoints, output] = [
    lowering.input(1, "f32"),
    lowering.input(2, "i32"),
    lowering.output(),
  ];
  lowering.expect("elements of the input", input.count, output.count);
  lowering.expect("number of scales", scales.count, 1, input.shape[axis] ?? 1);
  lowering.expect("number of zero points", zeroPoints.count, scales.count);
  const one = scales.count === 1;
  const inner = one ? input.count : elementCount(input.shape.slice(axis + 1));
  lowering.work(output.count);
  return {
    outer: one ? 1 : elementCount(input.shape.slice(0, axis)),
    channels: scales.count,
    inner,
    input: input.pointer,
    scales: scales.pointer,
    zeroPoints: zeroPoints.pointer,
    output: output.pointer,
  };
}
