// Operations that slide a window over images (batch, height, width, channels).
import type { KernelValues } from "../../wasm/kernels.ts";
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
  lowering.work(output.count, inputs);
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
    lowering.need(dilations[0] === 1 && dilations[1] === 1, "dilation");
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
    lowering.need(dilations[0] === 1 && dilations[1] === 1, "dilation");
    lowering.need(padded.length === 0 || padded.length === 2, "the size of the padded image");
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
  lowering.need(input.scale === output.scale && input.zeroPoint === output.zeroPoint, "scales differ");
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
  const [columns, output, bias] = [lowering.input(0), lowering.output(), lowering.optional(1)];
  const [batch = 0, inputHeight = 0, inputWidth = 0] = columns.shape;
  const [outputBatch, outputHeight = 0, outputWidth = 0, channels = 0] = output.shape;
  const [kernelHeight = 0, kernelWidth = 0] = kernel;
  lowering.need(columns.dtype === "f32" && output.dtype === "f32", "want f32");
  lowering.need(output.shape.length === 4 && columns.shape.length === 4 && batch === outputBatch, "shapes");
  lowering.need(columns.shape[3] === kernelHeight * kernelWidth * channels, "channels of the columns");
  lowering.need(bias === null || (bias.dtype === "f32" && bias.count === channels), "size of the bias");
  lowering.need(
    [...kernel, ...strides, ...dilations].every((each) => each >= 1),
    "an empty window",
  );
  lowering.work(Math.max(1, output.count), kernelHeight * kernelWidth);
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

/** One axis to another size. Codes of the kernels (docs/kernels.md); scale is output over input. */
export const resize = defineOperation(
  { axis: "integer", linear: "integer", coordinates: "integer", rounding: "integer", scale: "real" },
  (lowering, { axis, linear, coordinates, rounding, scale }) => {
    const [input, output] = [lowering.input(), lowering.output()];
    lowering.need(
      input.dtype === output.dtype && input.shape.length === output.shape.length,
      "types or ranks",
    );
    const others = input.shape.every((size, other) => other === axis || size === output.shape[other]);
    lowering.need(axis in input.shape && others && input.count > 0, "sizes");
    lowering.need(
      scale > 0 && coordinates >= 0 && coordinates <= 3 && rounding >= 0 && rounding <= 3,
      "codes",
    );
    const values = {
      outer: elementCount({ shape: input.shape.slice(0, axis) }),
      inputSize: input.shape[axis]!,
      outputSize: output.shape[axis]!,
      input: input.pointer,
      output: output.pointer,
      coordinates,
      scale,
    };
    const inner = elementCount({ shape: input.shape.slice(axis + 1) });
    lowering.work(Math.max(1, output.count));
    if (linear === 0) {
      const innerBytes = inner * ELEMENT_BYTES[input.dtype];
      return lowering.step("resize_nearest", { ...values, innerBytes, rounding });
    }
    lowering.need(input.dtype === "f32", "want f32");
    lowering.step("f32_resize_linear", { ...values, inner });
  },
);

/** What all of them have in common. */
export function readWindow(lowering: Lowering, window: BoundAttributes<typeof WINDOW>) {
  const [input, output] = [lowering.input(), lowering.output()];
  lowering.need(input.shape.length === 4 && output.shape.length === 4, "want four dimensions");
  lowering.need(input.dtype === output.dtype, "input and output of different types");
  lowering.need(input.dtype === "f32" || input.dtype === "qs8", "want f32 or qs8");
  const [batch, inputHeight, inputWidth] = input.shape as [number, number, number];
  const [outputBatch, outputHeight, outputWidth] = output.shape as [number, number, number];
  lowering.need(batch === outputBatch, "batch sizes differ");
  for (const axis of [0, 1] as const) {
    const [kernel, stride, dilation, pad] = [
      window.kernel[axis] ?? 0,
      window.strides[axis] ?? 0,
      window.dilations[axis] ?? 0,
      window.pads[axis] ?? -1,
    ];
    lowering.need(kernel >= 1 && stride >= 1 && dilation >= 1 && pad >= 0, "an empty window");
    // The last window may reach past the end: that is what trailing padding is. It may not lie there wholly.
    const last = ((axis === 0 ? outputHeight : outputWidth) - 1) * stride - pad;
    const span = (kernel - 1) * dilation + 1;
    lowering.need(pad < span && last < (axis === 0 ? inputHeight : inputWidth), "a window outside the input");
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
  lowering.need(input.shape[3] === output.shape[3], "channels differ");
  return elementCount({ shape: input.shape.slice(3) });
}

function zeroPoints(input: BoundTensor, output: BoundTensor) {
  return { inputZeroPoint: input.zeroPoint, outputZeroPoint: output.zeroPoint };
}
