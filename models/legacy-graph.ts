// The one graph that every reader produces and every pass transforms. Activations are NHWC.
// A value is named; it is a graph input, a constant or the single output of one node.

export interface Constant {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The asker sends bytes; the graph computes on `byte · scale + bias`. */
export interface GraphInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly scale: number;
  readonly bias: number;
}

/** Pairs are [height, width]; pads are [top, left, bottom, right] in elements, or -1 each for SAME until shapes are known. */
export interface Window {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}

export type Node =
  /** inputs: x (n, h, w, c), weights (kh, kw, c, out), bias (out) */
  | { op: "Conv"; name: string; inputs: string[]; window: Window; clip: Clip }
  /** inputs: x (n, h, w, c), weights (kh, kw, c, 1), bias (c) */
  | { op: "DepthwiseConv"; name: string; inputs: string[]; window: Window; clip: Clip }
  /** inputs: x (m, k), weights (k, n), bias (n) */
  | { op: "Dense"; name: string; inputs: string[]; clip: Clip }
  | { op: "Add" | "Sub" | "Mul"; name: string; inputs: string[]; clip: Clip }
  | { op: "Clip"; name: string; inputs: string[]; clip: Clip }
  | {
      op: "AveragePool";
      name: string;
      inputs: string[];
      window: Window;
      kernel: readonly [number, number];
      clip: Clip;
    }
  | { op: "Squeeze"; name: string; inputs: string[]; axes: readonly number[] }
  | { op: "Softmax"; name: string; inputs: string[] }
  | { op: "Identity"; name: string; inputs: string[] };

/** Bounds that are applied to a node's result: a fused activation. */
export interface Clip {
  readonly min: number;
  readonly max: number;
}

export const NO_CLIP: Clip = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

export interface Graph {
  readonly inputs: readonly GraphInput[];
  /** Names of values, in the model's order. */
  readonly outputs: readonly string[];
  /** In an order in which every node comes after the nodes that it reads. */
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
}

/** How often each value is read, graph outputs included. */
export function countReaders(graph: Graph): Map<string, number> {
  const readers = new Map<string, number>();
  const read = (name: string) => readers.set(name, (readers.get(name) ?? 0) + 1);
  for (const node of graph.nodes) for (const input of node.inputs) read(input);
  for (const output of graph.outputs) read(output);
  return readers;
}

/** The graph with `nodes` for its nodes, every read of a key of `renamed` replaced by its value. */
export function rewire(graph: Graph, nodes: readonly Node[], renamed: ReadonlyMap<string, string>): Graph {
  const resolve = (name: string): string => {
    let current = name;
    for (let next = renamed.get(current); next !== undefined; next = renamed.get(current)) current = next;
    return current;
  };
  return {
    ...graph,
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(resolve) })),
    outputs: graph.outputs.map(resolve),
  };
}
