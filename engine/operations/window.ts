// Operations that slide a window over images (batch, height, width, channels).
import type { KernelValues } from "../../wasm/families.ts";
import { COORDINATES, ROUNDING } from "../../wasm/operators.ts";
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import { ELEMENT_BYTES } from "../manifest.ts";
import { type BoundAttributes, defineOperation, OUTPUT } from "./define.ts";

/** Pairs are [height, width]; what pads the end follows from the output's size. */
export const WINDOW = {
  kernel: "integers",
  strides: "integers",
  dilations: "integers",
  pads: "integers",
} as const;
/** Clamps the stored value: integers for qs8, reals for f32. */
const CLAMP = { min: "real", max: "real" } as const;

/** inputs: images, output: images of (weights) outputs. f32 → f32, qs8 → qs8. */
export const conv = defineOperation({ weights: "weights", ...WINDOW, ...OUTPUT }, (lowering, attributes) => {
  const { input, output, taps, values } = readWindow(lowering, attributes);
  const [inputChannels, outputChannels] = [input.shape[3]!, output.shape[3]!];
  const inputs = taps * inputChannels;
  lowering.work(output.count * taps, inputChannels);
  const { dilations, min, max, activation, offset, weights } = attributes;
  const format = input.dtype === "f32" ? "f32" : "qc8w";
  const call = {
    ...values,
    weights: lowering.weights(format, weights, outputChannels, inputs),
    inputChannels,
    outputChannels,
    dilationHeight: dilations[0]!,
    dilationWidth: dilations[1]!,
    ...lowering.clamp(min, max, output.dtype),
  };
  const activated = lowering.activation(activation, offset, output.dtype);
  if (input.dtype === "f32") lowering.step("f32_conv", { ...call, ...activated });
  else lowering.step("qs8_qc8w_conv", { ...call, ...zeroPoints(input, output) });
});

/** One filter a channel. f32 → f32, qs8 → qs8. */
export const dwconv = defineOperation(
  { weights: "weights", ...WINDOW, ...OUTPUT },
  (lowering, attributes) => {
    const { input, output, taps, values } = readWindow(lowering, attributes);
    const channels = sameChannels(lowering, input, output);
    const { dilations, min, max, activation, offset, weights } = attributes;
    lowering.expect("dilations", `${dilations}`, "1,1");
    lowering.work(output.count, taps);
    const format = input.dtype === "f32" ? "f32" : "qc8w";
    const call = {
      ...values,
      channels,
      weights: lowering.weights(format, weights, channels, taps),
      ...lowering.clamp(min, max, output.dtype),
    };
    const activated = lowering.activation(activation, offset, output.dtype);
    if (input.dtype === "f32") lowering.step("f32_dwconv", { ...call, ...activated });
    else lowering.step("qs8_qc8w_dwconv", { ...call, ...zeroPoints(input, output) });
  },
);

/** The mean of the taps inside the image, or of those inside the padded image (padded: its height and width). */
export const avgpool = defineOperation(
  { ...WINDOW, ...CLAMP, padded: "integers" },
  (lowering, attributes) => {
    const { input, output, taps, values } = readWindow(lowering, attributes);
    const channels = sameChannels(lowering, input, output);
    const { dilations, padded, min, max } = attributes;
    lowering.expect("dilations", `${dilations}`, "1,1");
    lowering.expect("dimensions of the padded image", padded.length, 0, 2);
    lowering.work(output.count, taps);
    const call = {
      ...values,
      channels,
      countPadding: padded.length === 0 ? 0 : 1,
      paddedHeight: padded[0] ?? 0,
      paddedWidth: padded[1] ?? 0,
      ...lowering.clamp(min, max, output.dtype),
    };
    if (input.dtype === "f32") return lowering.step("f32_avgpool", call);
    const scale = lowering.multiplier(input.scale / output.scale);
    lowering.step("qs8_avgpool", { ...call, ...zeroPoints(input, output), scale });
  },
);

/** The largest of the taps inside the image. */
export const maxpool = defineOperation({ ...WINDOW, ...CLAMP }, (lowering, attributes) => {
  const { input, output, taps, values } = readWindow(lowering, attributes);
  const channels = sameChannels(lowering, input, output);
  const { dilations, min, max } = attributes;
  lowering.expect("scale of the output", output.scale, input.scale);
  lowering.expect("zero point of the output", output.zeroPoint, input.zeroPoint);
  lowering.work(output.count, taps);
  const call = {
    ...values,
    channels,
    dilationHeight: dilations[0]!,
    dilationWidth: dilations[1]!,
    ...lowering.clamp(min, max, output.dtype),
  };
  lowering.step(input.dtype === "f32" ? "f32_maxpool" : "qs8_maxpool", call);
});

/**
 * The sums of a transposed convolution: columns (batch, height, width, kernel row, kernel column, channel) and a bias
 * (channels) become images.
 */
export const col2im = defineOperation({ ...WINDOW }, (lowering, { kernel, strides, dilations, pads }) => {
  const [columns, output] = [lowering.input(0, "f32"), lowering.output(0, "f32")];
  const bias = lowering.optional(1, "f32");
  const [batch, inputHeight, inputWidth, taps] = readImage(lowering, "the columns", columns);
  const [outputBatch, outputHeight, outputWidth, channels] = readImage(lowering, "the output", output);
  checkWindow(lowering, { kernel, strides, dilations, pads }, [outputHeight, outputWidth]);
  const [kernelHeight, kernelWidth] = kernel as [number, number];
  lowering.expect("batch of the output", outputBatch, batch);
  lowering.expect("length of a column", taps, kernelHeight * kernelWidth * channels);
  if (bias !== null) lowering.expect("elements of the bias", bias.count, channels);
  lowering.work(output.count, kernelHeight * kernelWidth);
  lowering.step("f32_col2im", {
    batch,
    inputHeight,
    inputWidth,
    channels,
    kernelHeight,
    kernelWidth,
    strideHeight: strides[0]!,
    strideWidth: strides[1]!,
    dilationHeight: dilations[0]!,
    dilationWidth: dilations[1]!,
    padTop: pads[0]!,
    padLeft: pads[1]!,
    outputHeight,
    outputWidth,
    bias: bias?.pointer ?? 0,
    input: columns.pointer,
    output: output.pointer,
  });
});

/** One axis to another size. Codes of wasm/operators.ts; scale is output over input. */
export const resize = defineOperation(
  { axis: "integer", linear: "integer", coordinates: "integer", rounding: "integer", scale: "real" },
  (lowering, { axis, linear, coordinates, rounding, scale }) => {
    const output = lowering.output();
    const input = lowering.input(0, output.dtype);
    const inputSize = input.shape[axis] ?? lowering.refuse(`axis ${axis} of an input [${input.shape}]`);
    const outputSize = output.shape[axis] ?? lowering.refuse(`axis ${axis} of an output [${output.shape}]`);
    lowering.expectShape("the input", input.shape, output.shape.with(axis, inputSize));
    lowering.need(input.count > 0, `the input of [${input.shape}] is empty, want something to resize`);
    lowering.need(scale > 0, `scale is ${scale}, want above 0`);
    lowering.expectWithin("coordinates", coordinates, 0, COORDINATES.length - 1);
    lowering.expectWithin("rounding", rounding, 0, ROUNDING.length - 1);
    const values = {
      outer: elementCount(input.shape.slice(0, axis)),
      inputSize,
      outputSize,
      input: input.pointer,
      output: output.pointer,
      coordinates,
      scale,
    };
    const inner = elementCount(input.shape.slice(axis + 1));
    lowering.work(output.count);
    if (linear === 0) {
      const innerBytes = inner * ELEMENT_BYTES[input.dtype];
      return lowering.step("resize_nearest", { ...values, innerBytes, rounding });
    }
    lowering.expect("type of the input", input.dtype, "f32");
    lowering.step("f32_resize_linear", { ...values, inner });
  },
);

function readImage(
  lowering: Lowering,
  title: string,
  { shape }: BoundTensor,
): [number, number, number, number] {
  lowering.expect(`dimensions of ${title}`, shape.length, 4);
  return shape as unknown as [number, number, number, number];
}

/** Kernels add and multiply coordinates in 32 bits. */
const MAX_REACH = 2 ** 31 - 1;

/** `sizes`: of the image under the window. */
function checkWindow(
  lowering: Lowering,
  window: BoundAttributes<typeof WINDOW>,
  sizes: readonly [height: number, width: number],
): void {
  for (const name of Object.keys(WINDOW) as (keyof typeof WINDOW)[]) {
    lowering.expect(`axes of ${name}`, window[name].length, 2);
  }
  const { kernel, strides, dilations, pads } = window;
  for (const [axis, size] of sizes.entries()) {
    const factors = { kernel: kernel[axis]!, strides: strides[axis]!, dilations: dilations[axis]! };
    for (const [name, factor] of Object.entries(factors)) lowering.expectWithin(name, factor, 1, MAX_REACH);
    const reach = size + Math.abs(pads[axis]!) + factors.kernel * factors.dilations;
    lowering.expectWithin("the image with its padding and a window", reach, 0, MAX_REACH);
  }
}

/** What all of them have in common. */
export function readWindow(lowering: Lowering, window: BoundAttributes<typeof WINDOW>) {
  const output = lowering.output(0, "f32", "qs8");
  const input = lowering.input(0, output.dtype);
  const [batch, inputHeight, inputWidth] = readImage(lowering, "the input", input);
  const [outputBatch, outputHeight, outputWidth] = readImage(lowering, "the output", output);
  lowering.expect("batch of the output", outputBatch, batch);
  checkWindow(lowering, window, [inputHeight, inputWidth]);
  for (const [axis, [size, count]] of [
    [inputHeight, outputHeight],
    [inputWidth, outputWidth],
  ].entries()) {
    const { kernel, strides, dilations, pads } = window;
    // The last window may reach past the end: that is what trailing padding is. It may not lie there wholly.
    const last = (count! - 1) * strides[axis]! - pads[axis]!;
    const span = (kernel[axis]! - 1) * dilations[axis]! + 1;
    lowering.expectWithin("padding", pads[axis]!, 0, span - 1);
    lowering.need(last < size!, `the last window begins at ${last}, behind an image of ${size}`);
  }
  const [kernelHeight, kernelWidth] = window.kernel as [number, number];
  const values = {
    input: input.pointer,
    output: output.pointer,
    batch,
    inputHeight,
    inputWidth,
    kernelHeight,
    kernelWidth,
    strideHeight: window.strides[0]!,
    strideWidth: window.strides[1]!,
    padTop: window.pads[0]!,
    padLeft: window.pads[1]!,
    outputHeight,
    outputWidth,
  } satisfies Partial<KernelValues<"f32_conv">>;
  return { input, output, taps: kernelHeight * kernelWidth, values };
}

function sameChannels(lowering: Lowering, input: BoundTensor, output: BoundTensor): number {
  const [, , , channels] = input.shape;
  lowering.expect("channels of the output", output.shape[3]!, channels!);
  return channels!;
}

function zeroPoints(input: BoundTensor, output: BoundTensor) {
  return { inputZeroPoint: input.zeroPoint, outputZeroPoint: output.zeroPoint };
}
