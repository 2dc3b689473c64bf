// The manifest of a model artifact: everything about a model but its weight bytes. The model digest is the digest
// of these bytes, so two artifacts with one digest compute the same function. docs/architecture.md, "The artifact".
import type { Bytes } from "../protocol/bytes.ts";

/** u8: bytes from the asker. qs8: real = scale · (q − zeroPoint). f32: as it is; scale 1, zeroPoint 0. */
export type ElementType = "u8" | "qs8" | "f32";

export interface TensorSpec {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Bytes of the weight region, in the kernel's packed layout (wasm/packed.ts). */
export interface WeightRange {
  readonly offset: number;
  readonly bytes: number;
}

/** `min` and `max` clamp the stored value: integers for qs8, reals for f32. Pairs are [height, width]. */
export type Op =
  | { kind: "convert"; input: number; output: number; scale: number; bias: number }
  | {
      kind: "conv";
      input: number;
      output: number;
      weights: WeightRange;
      kernel: readonly [number, number];
      strides: readonly [number, number];
      dilations: readonly [number, number];
      pads: readonly [number, number];
      min: number;
      max: number;
    }
  | {
      kind: "dwconv";
      input: number;
      output: number;
      weights: WeightRange;
      kernel: readonly [number, number];
      strides: readonly [number, number];
      pads: readonly [number, number];
      min: number;
      max: number;
    }
  | { kind: "gemm"; input: number; output: number; weights: WeightRange; min: number; max: number }
  | { kind: "add"; a: number; b: number; output: number; min: number; max: number }
  | {
      kind: "avgpool";
      input: number;
      output: number;
      kernel: readonly [number, number];
      strides: readonly [number, number];
      pads: readonly [number, number];
      min: number;
      max: number;
    }
  | { kind: "softmax"; input: number; output: number };

export interface Port {
  readonly name: string;
  readonly tensor: number;
}

export interface LayerReport {
  readonly name: string;
  /** Power of the float layer's output over the power of the difference, on the calibration inputs; 10·log10 is dB. */
  readonly signalToNoise: number;
}

export interface Manifest {
  readonly name: string;
  readonly task: string;
  readonly licence: string;
  /** The package that the weights come from, and the digest of its model files. */
  readonly source: { readonly package: string; readonly version: string; readonly digest: Bytes };
  readonly compiler: string;
  /** Digest of the calibration inputs; all zero for an artifact that was not calibrated. */
  readonly calibration: Bytes;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly tensors: readonly TensorSpec[];
  readonly ops: readonly Op[];
  /** Indices into `ops`: the output of each is hashed into the trace. Strictly increasing. */
  readonly blocks: readonly number[];
  readonly chunks: readonly { readonly digest: Bytes; readonly bytes: number }[];
  /**
   * Bytes of linear memory for weights and activations; the engine plans them again and refuses a manifest that
   * differs. Scratch is not here: it is the kernels' business, and must not change a model's digest.
   */
  readonly memory: { readonly weights: number; readonly arena: number };
  readonly report: readonly LayerReport[];
}
