// Operations of models that arrive quantized: integer products and the steps around them, in ONNX Runtime's arithmetic.
import { BINARY } from "../../wasm/operators.ts";
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import { sixFields } from "../strides.ts";
import { defineOperation } from "./define.ts";
import { broadcast } from "./elementwise.ts";
import { eachProduct, readOperand } from "./product.ts";
import { readWindow, WINDOW } from "./window.ts";

/**
 * (a − its zero points)·(b − its zero points) of bytes, as i32. Inputs: a, b, and the zero points of each (i32): one for
 * all, or one a row of a or a column of b. Orders as in matmul.
 */
export const matmul_integer = defineOperation(
  { aOrder: "integers", bOrder: "integers" },
  (lowering, { aOrder, bOrder }) => {
    const [left, right] = [lowering.input(0), lowering.input(1)];
    lowering.need(lowering.output().dtype === "i32", "want an i32 output");
    const [aSigned, bSigned] = [signedness(lowering, left), signedness(lowering, right)];
    const a = readOperand(lowering, left, aOrder);
    const b = readOperand(lowering, right, bOrder);
    const [aZero, bZero] = [lowering.input(2), lowering.input(3)];
    const points = {
      ...{ aZeroPoints: aZero.pointer, aZeroStride: zeroStride(lowering, aZero, a.rows.size) },
      ...{ bZeroPoints: bZero.pointer, bZeroStride: zeroStride(lowering, bZero, b.columns.size) },
    };
    lowering.need(a.columns.size <= MAX_INTEGER_INPUTS, `sums of ${a.columns.size} products`);
    eachProduct(lowering, a, b, 1, ({ batches, aBatches, bBatches, outputBatches, ...call }) => {
      const [batch] = batches as [number];
      const [aBatch, bBatch, outputBatch] = [aBatches[0]!, bBatches[0]!, outputBatches[0]!];
      lowering.step("x8_i32_matmul", {
        ...{ ...call, ...points, aSigned, bSigned, batch, aBatch, bBatch, outputBatch },
      });
    });
  },
);

/** The kernel keeps a block of widened rows in scratch; beyond this it would not fit the memory of a run. */
const MAX_INTEGER_INPUTS = 65_535;

/** 1 for qs8, 0 for u8. */
function signedness(lowering: Lowering, { dtype }: BoundTensor): number {
  lowering.need(dtype === "qs8" || dtype === "u8", "want qs8 or u8");
  return dtype === "qs8" ? 1 : 0;
}

function zeroStride(lowering: Lowering, zeroPoints: BoundTensor, size: number): number {
  lowering.need(zeroPoints.dtype === "i32", "want i32 zero points");
  lowering.need(zeroPoints.count === 1 || zeroPoints.count === size, `${zeroPoints.count} zero points`);
  return zeroPoints.count === 1 ? 0 : 1;
}

/** (input − its zero point) · packed weights of int8, as i32. Inputs: rows of u8 or qs8, one zero point (i32). */
export const gemm_integer = defineOperation({ weights: "weights" }, (lowering, { weights }) => {
  const [input, zeroPoint, output] = [lowering.input(0), lowering.input(1), lowering.output()];
  const [inputs, outputs] = [input.shape.at(-1) ?? 1, output.shape.at(-1) ?? 1];
  const rows = output.count / outputs;
  lowering.need(output.dtype === "i32" && input.count === rows * inputs, "want i32 sums of each row");
  lowering.need(zeroPoint.dtype === "i32" && zeroPoint.count === 1, "want one i32 zero point");
  lowering.work(output.count, inputs);
  lowering.step("x8_i32_qc8w_gemm", {
    ...{ rows, inputs, outputs, inputStride: inputs, outputStride: outputs },
    ...{ input: input.pointer, output: output.pointer, zeroPoint: zeroPoint.pointer },
    signed: signedness(lowering, input),
    weights: lowering.weights("qc8w", weights, outputs, inputs),
  });
});

/**
 * The bytes under a kernel as the rows of a product: (batch, height, width, kernel row × kernel column × channel). Inputs:
 * images, and what lies outside of them (one i32, of which the low 8 bits count).
 */
export const im2col = defineOperation(WINDOW, (lowering, window) => {
  const fill = lowering.input(1);
  const { input, output, taps, values } = readWindow(lowering, window);
  const inputChannels = input.shape[3]!;
  lowering.need(input.dtype === "qs8", "want qs8");
  lowering.need(fill.dtype === "i32" && fill.count === 1, "want one i32 outside the image");
  lowering.need(output.shape[3] === taps * inputChannels, "the length of a row");
  lowering.work(output.count);
  const [dilationHeight = 0, dilationWidth = 0] = window.dilations;
  lowering.step("x8_im2col", { ...values, inputChannels, dilationHeight, dilationWidth, fill: fill.pointer });
});

/** i32 → qs8 along the last axis. Inputs: sums, scales (f32, one a channel), biases (i32, one a channel) if any. */
export const requantize = defineOperation({}, (lowering) => {
  const [input, scales, bias] = [lowering.input(0), lowering.input(1), lowering.optional(2)];
  const output = lowering.output();
  const channels = output.shape.at(-1) ?? 1;
  lowering.need(input.dtype === "i32" && output.dtype === "qs8", "want i32 → qs8");
  lowering.need(input.count === output.count && scales.dtype === "f32", "sizes");
  lowering.need(scales.count === channels, `${scales.count} scales for ${channels} channels`);
  lowering.need(bias === null || (bias.dtype === "i32" && bias.count === channels), "size of the bias");
  lowering.work(output.count);
  lowering.step("i32_requantize", {
    ...{ rows: elementCount(output.shape.slice(0, -1)), channels },
    ...{ input: input.pointer, bias: bias?.pointer ?? 0, scales: scales.pointer, output: output.pointer },
    ...{ zeroPoint: output.zeroPoint, outputMin: -128, outputMax: 127 },
  });
});

/**
 * A sum or product (a code of wasm/operators.ts) of what two qs8 tensors stand for, repeated to the output's shape.
 * Rounding adds the output's zero point first: `offset` is what uint8 had more than it, 128, or 0.
 */
export const binary_quantized = defineOperation(
  { code: "integer", offset: "integer" },
  (lowering, { code, offset }) => {
    const [a, b, output] = [lowering.input(0), lowering.input(1), lowering.output()];
    lowering.need(
      [a, b, output].every(({ dtype }) => dtype === "qs8"),
      "want qs8",
    );
    lowering.need(BINARY[code] === "add" || BINARY[code] === "mul", `code ${code}`);
    lowering.need(offset === 0 || offset === 128, `offset ${offset}`);
    const loop = broadcast(lowering, [a, b], output);
    lowering.work(output.count);
    lowering.step("qs8_vbinary", {
      op: code,
      ...sixFields("size", loop.sizes),
      ...sixFields("aStride", loop.strides[0]!),
      ...sixFields("bStride", loop.strides[1]!),
      ...{ a: a.pointer, b: b.pointer, output: output.pointer },
      ...{ aScale: a.scale, aZeroPoint: a.zeroPoint, bScale: b.scale, bZeroPoint: b.zeroPoint },
      ...{ outputScale: output.scale, outputZeroPoint: output.zeroPoint + offset },
      ...{ outputMin: offset - 128, outputMax: offset + 127 },
    });
  },
);
