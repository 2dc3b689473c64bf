// Turns one operation of a manifest into one kernel call: which family, with which values in its parameter block.
// Every shape is checked here against the tensors that it names, so that no kernel is ever called out of bounds.
// The numbers derived here (+ − × ÷ in f64, rounded to f32 as they are stored) do not depend on any request.
import { InferenceError } from "../protocol/errors.ts";
import type { Family, KernelValues } from "../wasm/kernels.ts";
import type { Manifest, Op, TensorSpec } from "./manifest.ts";

export interface Addresses {
  /** Pointer of an activation tensor. */
  tensor(index: number): number;
  /** Pointer of the first byte of a weight range. */
  weights(offset: number): number;
  readonly scratch: number;
}

/** For the sizes of a call before anything has an address. */
export const NOWHERE: Addresses = { tensor: () => 0, weights: () => 0, scratch: 0 };

export type KernelCall = {
  [F in Family]: {
    readonly family: F;
    readonly values: KernelValues<F>;
    /** Multiply-adds, or elements for operations without any: the unit of op budgets. */
    readonly opCount: number;
  };
}[Family];

/** Throws InferenceError manifest_invalid naming the operation. */
export function lower(manifest: Manifest, index: number, addresses: Addresses): KernelCall {
  const op = manifest.ops[index] as Op;
  const refuse = (reason: string): never => {
    throw new InferenceError(
      "manifest_invalid",
      `${manifest.name}: operation ${index} (${op.kind}): ${reason}`,
    );
  };
  const spec = (tensor: number): TensorSpec => manifest.tensors[tensor] ?? refuse(`no tensor ${tensor}`);
  const need = (condition: boolean, reason: string) => condition || refuse(reason);
  const output = spec(op.output);
  const source = op.kind === "add" ? op.a : op.input;
  const input = spec(source);
  const pointers = { input: addresses.tensor(source), output: addresses.tensor(op.output) };
  const length = elementCount(output);

  switch (op.kind) {
    case "convert": {
      need(input.dtype === "u8" && elementCount(input) === length, "want u8 bytes of the output's size");
      if (output.dtype === "qs8")
        return { family: "u8_qs8_convert", values: { length, ...pointers }, opCount: length };
      need(output.dtype === "f32", "want a qs8 or f32 output");
      const values = { length, ...pointers, scale: op.scale, bias: op.bias };
      return { family: "u8_f32_convert", values, opCount: length };
    }
    case "conv":
    case "dwconv":
    case "avgpool": {
      need(input.shape.length === 4 && output.shape.length === 4, "want four dimensions");
      need(input.dtype === output.dtype && input.dtype !== "u8", "input and output of different types");
      const [batch = 0, inputHeight = 0, inputWidth = 0, inputChannels = 0] = input.shape;
      const [outputBatch, outputHeight = 0, outputWidth = 0, outputChannels = 0] = output.shape;
      const dilations = op.kind === "conv" ? op.dilations : ([1, 1] as const);
      need(batch === outputBatch, "batch sizes differ");
      need(op.kind === "conv" || inputChannels === outputChannels, "channels differ");
      for (const axis of [0, 1] as const) {
        // The last window may reach past the end by less than one kernel: that is what trailing padding is.
        const span = (op.kernel[axis] - 1) * dilations[axis] + 1;
        const last = ([outputHeight, outputWidth][axis]! - 1) * op.strides[axis] - op.pads[axis];
        const size = [inputHeight, inputWidth][axis]!;
        need(op.strides[axis] >= 1 && op.kernel[axis] >= 1 && dilations[axis] >= 1, "an empty window");
        need(op.pads[axis] >= 0 && op.pads[axis] < span && last < size, "a window wholly outside the input");
      }
      const geometry = {
        batch,
        inputHeight,
        inputWidth,
        kernelHeight: op.kernel[0],
        kernelWidth: op.kernel[1],
        strideHeight: op.strides[0],
        strideWidth: op.strides[1],
        padTop: op.pads[0],
        padLeft: op.pads[1],
        outputHeight,
        outputWidth,
        outputMin: op.min,
        outputMax: op.max,
        ...pointers,
      };
      const taps = op.kernel[0] * op.kernel[1];
      const zeroPoints = { inputZeroPoint: input.zeroPoint, outputZeroPoint: output.zeroPoint };
      if (op.kind === "avgpool") {
        const values = { ...geometry, channels: inputChannels };
        return input.dtype === "f32"
          ? { family: "f32_avgpool", values, opCount: length * taps }
          : {
              family: "qs8_avgpool",
              values: { ...values, ...zeroPoints, scale: input.scale / output.scale },
              opCount: length * taps,
            };
      }
      const weights = addresses.weights(op.weights.offset);
      const scratch = addresses.scratch;
      if (op.kind === "dwconv") {
        const values = { ...geometry, channels: inputChannels, weights };
        return input.dtype === "f32"
          ? { family: "f32_dwconv", values, opCount: length * taps }
          : {
              family: "qs8_qc8w_dwconv",
              values: { ...values, ...zeroPoints, scratch },
              opCount: length * taps,
            };
      }
      const opCount = length * taps * inputChannels;
      const values = {
        ...geometry,
        inputChannels,
        outputChannels,
        dilationHeight: dilations[0],
        dilationWidth: dilations[1],
        weights,
      };
      return input.dtype === "f32"
        ? { family: "f32_conv", values, opCount }
        : { family: "qs8_qc8w_conv", values: { ...values, ...zeroPoints, scratch }, opCount };
    }
    case "gemm": {
      const inputs = input.shape.at(-1) ?? 0;
      const outputs = output.shape.at(-1) ?? 0;
      const rows = length / outputs;
      need(elementCount(input) === rows * inputs, "row counts differ");
      const values = {
        ...pointers,
        rows,
        inputs,
        outputs,
        inputStride: inputs,
        outputStride: outputs,
        weights: addresses.weights(op.weights.offset),
        outputMin: op.min,
        outputMax: op.max,
      };
      const opCount = length * inputs;
      if (input.dtype === "f32") return { family: "f32_gemm", values, opCount };
      const { scratch } = addresses;
      if (output.dtype === "f32")
        return { family: "qs8_f32_qc8w_gemm", values: { ...values, scratch }, opCount };
      return {
        family: "qs8_qc8w_gemm",
        values: { ...values, scratch, outputZeroPoint: output.zeroPoint },
        opCount,
      };
    }
    case "add": {
      const other = spec(op.b);
      need(input.dtype === output.dtype && other.dtype === output.dtype, "types differ");
      need(elementCount(input) === length && elementCount(other) === length, "sizes differ");
      const values = {
        length,
        a: addresses.tensor(op.a),
        b: addresses.tensor(op.b),
        output: pointers.output,
        outputMin: op.min,
        outputMax: op.max,
      };
      if (output.dtype === "f32") return { family: "f32_vadd", values, opCount: length };
      const scaleA = input.scale / output.scale;
      const scaleB = other.scale / output.scale;
      const bias = output.zeroPoint - input.zeroPoint * scaleA - other.zeroPoint * scaleB;
      return { family: "qs8_vadd", values: { ...values, scaleA, scaleB, bias }, opCount: length };
    }
    case "softmax": {
      need(
        input.dtype === "f32" && output.dtype === "f32" && elementCount(input) === length,
        "want f32 of one size",
      );
      const columns = output.shape.at(-1) ?? 0;
      return {
        family: "f32_softmax",
        values: { ...pointers, rows: length / columns, columns },
        opCount: length,
      };
    }
  }
}

export function elementCount({ shape }: { readonly shape: readonly number[] }): number {
  return shape.reduce((product, size) => product * size, 1);
}
