// The one graph that every reader produces and every pass transforms: the operators of ONNX in the form of opset 21
// (axes, pads, splits, bounds are inputs), NCHW, with whatever an older opset or another format says differently
// already translated. A value is named; it is a graph input, a constant or an output of one node.

export type DataType = "f32" | "f64" | "i8" | "u8" | "i32" | "i64" | "bool";

/** Elements in row-major order. bool is 0 or 1. */
export type ConstantData =
  | { readonly dtype: "f32"; readonly data: Float32Array }
  | { readonly dtype: "f64"; readonly data: Float64Array }
  | { readonly dtype: "i8"; readonly data: Int8Array }
  | { readonly dtype: "u8" | "bool"; readonly data: Uint8Array }
  | { readonly dtype: "i32"; readonly data: Int32Array }
  | { readonly dtype: "i64"; readonly data: BigInt64Array };

export type Constant = ConstantData & { readonly shape: readonly number[] };

/** A size, or the name of a size that is only known when a request arrives. */
export type NamedDimension = number | string;

export interface GraphInput {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly NamedDimension[];
}

/** Integers beyond 2^53 saturate there: they only ever mean "to the end". */
export type Attribute = number | string | readonly number[] | readonly string[] | Constant | Graph;

export interface Node {
  /** Unique in the graph; made up by the reader where the file has none. */
  readonly name: string;
  /** "" for ONNX itself, "com.microsoft" for ONNX Runtime's own operators. */
  readonly domain: string;
  readonly op: string;
  /** Names of values; "" for an optional input that is absent. */
  readonly inputs: readonly string[];
  /** Names of values; "" for an optional output that nobody wants. */
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface Graph {
  readonly inputs: readonly GraphInput[];
  /** Names of values, in the model's order. */
  readonly outputs: readonly string[];
  /** In an order in which every node comes after the nodes that it reads. */
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
}
