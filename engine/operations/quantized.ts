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
    const [left, right] = [lowering.input(0, "u8", "qs8"), lowering.input(1, "u8", "qs8")];
    lowering.output(0, "i32");
    const [aSigned, bSigned] = [signedness(left), signedness(right)];
    const a = readOperand(lowering, left, aOrder);
    const b = readOperand(lowering, right, bOrder);
    const [aZero, bZero] = [lowering.input(2, "i32"), lowering.input(3, "i32")];
    const points = {
      ...{ aZeroPoints: aZero.pointer, aZeroStride: zeroStride(lowering, aZero, a.rows.size) },
      ...{ bZeroPoints: bZero.pointer, bZeroStride: zeroStride(lowering, bZero, b.columns.size) },
    };
    lowering.expectWithin("products in a sum", a.columns.size, 0, MAX_INTEGER_INPUTS);
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
function signedness({ dtype }: BoundTensor): number {
  return dtype === "qs8" ? 1 : 0;
}

function zeroStride(lowering: Lowering, zeroPoints: BoundTensor, size: number): number {
  lowering.expect("number of zero points", zeroPoints.count, 1, size);
  return zeroPoints.count === 1 ? 0 : 1;
}

/** (input − its zero point) · packed weights of int8, as i32. Inputs: rows of u8 or qs8, one zero point (i32). */
export const gemm_integer = defineOperation({ weights: "weights" }, (lowering, { weights }) => {
  const [input, zeroPoint] = [lowering.input(0, "u8", "qs8"), lowering.input(1, "i32")];
  const output = lowering.output(0, "i32");
  const [inputs, outputs] = [input.shape.at(-1) ?? 1, output.shape.at(-1) ?? 1];
  const rows = output.count / outputs;
  lowering.expect("elements of the input", input.count, rows * inputs);
  lowering.expect("number of zero points", zeroPoint.count, 1);
  lowering.work(output.count, inputs);
  lowering.step("x8_i32_qc8w_gemm", {
    ...{ rows, inputs, outputs, inputStride: inputs, outputStride: outputs },
    ...{ input: input.pointer, output: output.pointer, zeroPoint: zeroPoint.pointer },
    signed: signedness(input),
    weights: lowering.weights("qc8w", weights, outputs, inputs),
  });
});

/**
 * The bytes under a kernel as the rows of a product: (batch, height, width, kernel row × kernel column × channel).
 * Inputs: images, and what lies outside of them (one i32, of which the low 8 bits count).
 */
export const im2col = defineOperation(WINDOW, (lowering, window) => {
  const fill = lowering.input(1, "i32");
  const { input, output, taps, values } = readWindow(lowering, window);
  const inputChannels = input.shape[3]!;
  lowering.expect("type of input 0", input.dtype, "qs8");
  lowering.expect("values outside the image", fill.count, 1);
  lowering.expect("length of a row", output.shape[3]!, taps * inputChannels);
  lowering.work(output.count);
  const [dilationHeight = 0, dilationWidth = 0] = window.dilations;
  lowering.step("x8_im2col", { ...values, inputChannels, dilationHeight, dilationWidth, fill: fill.pointer });
});

/** i32 → qs8 along the last axis. Inputs: sums, scales (f32, one a channel), biases (i32, one a channel) if any. */
export const requantize = defineOperation({}, (lowering) => {
  const [input, scales] = [lowering.input(0, "i32"), lowering.input(1, "f32")];
  const [bias, output] = [lowering.optional(2, "i32"), lowering.output(0, "qs8")];
  const channels = output.shape.at(-1) ?? 1;
  lowering.expect("elements of the input", input.count, output.count);
  lowering.expect("number of scales", scales.count, channels);
  if (bias !== null) lowering.expect("elements of the bias", bias.count, channels);
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
    const [a, b] = [lowering.input(0, "qs8"), lowering.input(1, "qs8")];
    const output = lowering.output(0, "qs8");
    lowering.expect("code", code, BINARY.indexOf("add"), BINARY.indexOf("mul"));
    lowering.expect("offset", offset, 0, 128);
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
