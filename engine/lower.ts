// Turns one operation of a manifest into one kernel call: which family, with which values in its parameter block.
// Every shape is checked here against the tensors that it names, so that no kernel is ever called out of bounds.
// The numbers derived here (+ − × ÷ in f64, rounded to f32 as they are stored) do not depend on any request.
import { InferenceError } from "../protocol/errors.ts";
import type { Family, KernelValues } from "../wasm/kernels.ts";
import { type PackedFormat, packedBytes } from "../wasm/packed.ts";
import type { Manifest, Op, TensorSpec, WeightRange } from "./manifest.ts";

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
    /** What is left to check once the weights are there; null for operations without any. */
    readonly packed: PackedWeights | null;
  };
}[Family];

export interface PackedWeights {
  readonly format: PackedFormat;
  readonly inputs: number;
  readonly range: WeightRange;
}

type OpOf<K extends Op["kind"]> = Extract<Op, { kind: K }>;

/** Throws InferenceError manifest_invalid naming the operation. */
export function lower(manifest: Manifest, index: number, addresses: Addresses): KernelCall {
  const op = manifest.ops[index]!;
  const lowering = new Lowering(manifest, index, addresses);
  switch (op.kind) {
    case "convert":
      return lowering.convert(op);
    case "conv":
      return lowering.conv(op);
    case "dwconv":
      return lowering.dwconv(op);
    case "avgpool":
      return lowering.avgpool(op);
    case "gemm":
      return lowering.gemm(op);
    case "add":
      return lowering.add(op);
    case "softmax":
      return lowering.softmax(op);
  }
}

export function elementCount({ shape }: { readonly shape: readonly number[] }): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** An honest ratio of scales is near 1; what matters is that no product of it can overflow. */
export const MAX_MULTIPLIER = 2 ** 64;
/** Sums of products of bytes stay within i32 up to here (docs/kernels.md, "Exactness"). */
const MAX_EXACT_INPUTS = 65_535;
/** Far above what a run may take, and sums of it are safe integers. */
const MAX_OPERATION_COUNT = 2 ** 40;

class Lowering {
  readonly #manifest: Manifest;
  readonly #index: number;
  readonly #addresses: Addresses;

  constructor(manifest: Manifest, index: number, addresses: Addresses) {
    this.#manifest = manifest;
    this.#index = index;
    this.#addresses = addresses;
  }

  convert(op: OpOf<"convert">): KernelCall {
    const [input, output] = [this.#spec(op.input), this.#spec(op.output)];
    const length = elementCount(output);
    this.#need(input.dtype === "u8" && elementCount(input) === length, "want u8 bytes of the output's size");
    const pointers = this.#pointers(op);
    if (output.dtype === "qs8") {
      return { family: "u8_qs8_convert", values: { length, ...pointers }, opCount: length, packed: null };
    }
    this.#need(output.dtype === "f32", "want a qs8 or f32 output");
    const values = { length, ...pointers, scale: op.scale, bias: op.bias };
    return { family: "u8_f32_convert", values, opCount: length, packed: null };
  }

  conv(op: OpOf<"conv">): KernelCall {
    const { input, output, taps, values } = this.#window(op, op.dilations);
    const [inputChannels, outputChannels] = [input.shape[3]!, output.shape[3]!];
    const opCount = this.#count(elementCount(output), taps * inputChannels);
    const conv = {
      ...values,
      weights: this.#addresses.weights(op.weights.offset),
      inputChannels,
      outputChannels,
      dilationHeight: op.dilations[0],
      dilationWidth: op.dilations[1],
    };
    if (input.dtype === "f32") {
      const packed = this.#packed("f32", op.weights, outputChannels, taps * inputChannels);
      return { family: "f32_conv", values: conv, opCount, packed };
    }
    const packed = this.#packed("qc8w", op.weights, outputChannels, taps * inputChannels);
    const { scratch } = this.#addresses;
    const quantized = { ...conv, ...zeroPoints(input, output), scratch };
    return { family: "qs8_qc8w_conv", values: quantized, opCount, packed };
  }

  dwconv(op: OpOf<"dwconv">): KernelCall {
    const { input, output, taps, values } = this.#window(op, [1, 1]);
    const channels = input.shape[3]!;
    this.#need(channels === output.shape[3], "channels differ");
    const opCount = this.#count(elementCount(output), taps);
    const filters = { ...values, channels, weights: this.#addresses.weights(op.weights.offset) };
    if (input.dtype === "f32") {
      const packed = this.#packed("f32", op.weights, channels, taps);
      return { family: "f32_dwconv", values: filters, opCount, packed };
    }
    const packed = this.#packed("qc8w", op.weights, channels, taps);
    const { scratch } = this.#addresses;
    const quantized = { ...filters, ...zeroPoints(input, output), scratch };
    return { family: "qs8_qc8w_dwconv", values: quantized, opCount, packed };
  }

  avgpool(op: OpOf<"avgpool">): KernelCall {
    const { input, output, taps, values } = this.#window(op, [1, 1]);
    const channels = input.shape[3]!;
    this.#need(channels === output.shape[3], "channels differ");
    const opCount = this.#count(elementCount(output), taps);
    const pool = { ...values, channels, countPadding: 0, paddedHeight: 0, paddedWidth: 0 };
    if (input.dtype === "f32") return { family: "f32_avgpool", values: pool, opCount, packed: null };
    const scale = this.#multiplier(input.scale / output.scale);
    const quantized = { ...pool, ...zeroPoints(input, output), scale };
    return { family: "qs8_avgpool", values: quantized, opCount, packed: null };
  }

  gemm(op: OpOf<"gemm">): KernelCall {
    const [input, output] = [this.#spec(op.input), this.#spec(op.output)];
    const [inputs, outputs] = [input.shape.at(-1) ?? 1, output.shape.at(-1) ?? 1];
    const rows = elementCount(output) / outputs;
    this.#need(elementCount(input) === rows * inputs, "row counts differ");
    this.#need(input.dtype !== "u8" && output.dtype !== "u8", "want qs8 or f32");
    const values = {
      ...this.#pointers(op),
      rows,
      inputs,
      outputs,
      inputStride: inputs,
      outputStride: outputs,
      weights: this.#addresses.weights(op.weights.offset),
      ...this.#clamp(op, output),
    };
    const opCount = this.#count(elementCount(output), inputs);
    if (input.dtype === "f32") {
      this.#need(output.dtype === "f32", "want an f32 output");
      const packed = this.#packed("f32", op.weights, outputs, inputs);
      return { family: "f32_gemm", values, opCount, packed };
    }
    const packed = this.#packed("qc8w", op.weights, outputs, inputs);
    const { scratch } = this.#addresses;
    if (output.dtype === "f32") {
      return { family: "qs8_f32_qc8w_gemm", values: { ...values, scratch }, opCount, packed };
    }
    const { zeroPoint: outputZeroPoint } = output;
    return { family: "qs8_qc8w_gemm", values: { ...values, scratch, outputZeroPoint }, opCount, packed };
  }

  add(op: OpOf<"add">): KernelCall {
    const [a, b, output] = [this.#spec(op.a), this.#spec(op.b), this.#spec(op.output)];
    const length = elementCount(output);
    this.#need(a.dtype === output.dtype && b.dtype === output.dtype && a.dtype !== "u8", "types differ");
    this.#need(elementCount(a) === length && elementCount(b) === length, "sizes differ");
    const values = {
      length,
      a: this.#addresses.tensor(op.a),
      b: this.#addresses.tensor(op.b),
      output: this.#addresses.tensor(op.output),
      ...this.#clamp(op, output),
    };
    if (output.dtype === "f32") return { family: "f32_vadd", values, opCount: length, packed: null };
    const scaleA = this.#multiplier(a.scale / output.scale);
    const scaleB = this.#multiplier(b.scale / output.scale);
    const bias = output.zeroPoint - a.zeroPoint * scaleA - b.zeroPoint * scaleB;
    return { family: "qs8_vadd", values: { ...values, scaleA, scaleB, bias }, opCount: length, packed: null };
  }

  softmax(op: OpOf<"softmax">): KernelCall {
    const [input, output] = [this.#spec(op.input), this.#spec(op.output)];
    const length = elementCount(output);
    this.#need(input.dtype === "f32" && output.dtype === "f32", "want f32");
    this.#need(elementCount(input) === length, "sizes differ");
    const columns = output.shape.at(-1) ?? 1;
    return {
      family: "f32_softmax",
      values: { ...this.#pointers(op), rows: length / columns, columns },
      opCount: length,
      packed: null,
    };
  }

  /** What everything that slides a window over an image has in common. */
  #window(op: OpOf<"conv" | "dwconv" | "avgpool">, dilations: readonly [number, number]) {
    const [input, output] = [this.#spec(op.input), this.#spec(op.output)];
    this.#need(input.shape.length === 4 && output.shape.length === 4, "want four dimensions");
    this.#need(input.dtype === output.dtype && input.dtype !== "u8", "input and output of different types");
    const [batch, inputHeight, inputWidth] = input.shape as [number, number, number];
    const [outputBatch, outputHeight, outputWidth] = output.shape as [number, number, number];
    this.#need(batch === outputBatch, "batch sizes differ");
    for (const axis of [0, 1] as const) {
      const [kernel, stride, pad] = [op.kernel[axis], op.strides[axis], op.pads[axis]];
      this.#need(kernel >= 1 && stride >= 1 && dilations[axis] >= 1, "an empty window");
      // The last window may reach past the end: that is what trailing padding is. It may not lie there wholly.
      const last = ((axis === 0 ? outputHeight : outputWidth) - 1) * stride - pad;
      const span = (kernel - 1) * dilations[axis] + 1;
      this.#need(pad < span && last < (axis === 0 ? inputHeight : inputWidth), "a window outside the input");
    }
    const values = {
      ...this.#pointers(op),
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
      ...this.#clamp(op, output),
    };
    return { input, output, taps: op.kernel[0] * op.kernel[1], values };
  }

  /** Integers of the type for qs8; in order, whatever the type. */
  #clamp({ min, max }: { readonly min: number; readonly max: number }, { dtype }: TensorSpec) {
    const holds = (bound: number) => Number.isInteger(bound) && bound >= -128 && bound <= 127;
    this.#need(min <= max && (dtype === "f32" || (holds(min) && holds(max))), `a clamp of ${min} to ${max}`);
    return { outputMin: min, outputMax: max };
  }

  /** Times a byte, and summed with another such product, it stays far below the largest f32. */
  #multiplier(scale: number): number {
    this.#need(scale > 0 && scale <= MAX_MULTIPLIER, `scales whose ratio is ${scale}`);
    return scale;
  }

  #pointers(op: { readonly input: number; readonly output: number }) {
    return { input: this.#addresses.tensor(op.input), output: this.#addresses.tensor(op.output) };
  }

  /** attacker-controlled: a range shorter than what the kernel reads would reach into other weights. */
  #packed(format: PackedFormat, range: WeightRange, outputs: number, inputs: number): PackedWeights {
    this.#need(
      inputs <= MAX_EXACT_INPUTS,
      `sums of ${inputs} products, at most ${MAX_EXACT_INPUTS} are exact`,
    );
    const want = packedBytes(format, outputs, inputs);
    this.#need(range.bytes === want, `${range.bytes} bytes of weights, want ${want}`);
    return { format, inputs, range };
  }

  #spec(tensor: number): TensorSpec {
    const spec = this.#manifest.tensors[tensor];
    return spec ?? this.#refuse(`there is no tensor ${tensor}`);
  }

  #count(outputs: number, each: number): number {
    this.#need(outputs * each <= MAX_OPERATION_COUNT, "too many multiply-adds");
    return outputs * each;
  }

  #need(condition: boolean, reason: string): void {
    if (!condition) this.#refuse(reason);
  }

  #refuse(reason: string): never {
    const { name, ops } = this.#manifest;
    const kind = ops[this.#index]?.kind;
    throw new InferenceError("manifest_invalid", `${name}: operation ${this.#index} (${kind}): ${reason}`);
  }
}

function zeroPoints(input: TensorSpec, output: TensorSpec) {
  return { inputZeroPoint: input.zeroPoint, outputZeroPoint: output.zeroPoint };
}
