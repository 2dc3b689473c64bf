// Runs a graph once, here, with the engine's own kernels: what folds constants and checks test cases.
import { type ELEMENT_BYTES, Executor } from "../engine/index.ts";
import { bytesOf, constantOfBytes } from "./constant.ts";
import { ModelError } from "./errors.ts";
import type { Constant, DataType, Graph, Node } from "./graph.ts";
import { lowerGraph } from "./lower/lower.ts";
import { ANONYMOUS, emitProgram } from "./manifest.ts";
import { ELEMENT_TYPES } from "./value.ts";

/** Outputs in the graph's order. Throws ModelError as lowerGraph does, InferenceError as the engine does. */
export function runGraph(
  kernels: WebAssembly.Module,
  graph: Graph,
  inputs: ReadonlyMap<string, Constant>,
): Constant[] {
  const program = lowerGraph(graph, {
    dimensions: {},
    bytes: {},
    evaluate: (node, constants) => evaluateNode(kernels, node, constants),
  });
  const { manifest, weights } = emitProgram(program, ANONYMOUS);
  const executor = new Executor(kernels, "simd128", manifest);
  executor.weights.set(weights);
  executor.checkWeights();
  for (const { name, tensor } of manifest.inputs) {
    const given = inputs.get(name);
    if (given === undefined) throw new RangeError(`no input ${name}`);
    executor.tensor(tensor).set(bytesOf(given));
  }
  executor.run(() => {});
  return manifest.outputs.map(({ tensor }) => {
    const { dtype } = manifest.tensors[tensor]!;
    return constantOfBytes(DATA_TYPES[dtype], executor.shape(tensor), executor.tensor(tensor));
  });
}

const DATA_TYPES = Object.fromEntries(
  Object.entries(ELEMENT_TYPES).map(([data, element]) => [element, data]),
) as Record<keyof typeof ELEMENT_BYTES, DataType>;

/** The outputs of a node of constants; null where it takes its constants as constants, or has none to give. */
export function evaluateNode(
  kernels: WebAssembly.Module,
  node: Node,
  constants: ReadonlyMap<string, Constant>,
): Constant[] | null {
  if ([...constants.values()].some(({ data }) => data.length === 0)) return null;
  const shaping = SHAPING[node.op] ?? 1;
  const names = [...new Set(node.inputs.filter((name) => name !== ""))];
  const fixed = new Set(node.inputs.slice(shaping));
  const graph: Graph = {
    inputs: names
      .filter((name) => !fixed.has(name) || node.inputs.indexOf(name) < shaping)
      .map((name) => ({ name, dtype: constants.get(name)!.dtype, shape: constants.get(name)!.shape })),
    outputs: node.outputs.filter((name) => name !== ""),
    nodes: [node],
    constants: new Map(
      [...constants].filter(([name]) => fixed.has(name) && node.inputs.indexOf(name) >= shaping),
    ),
  };
  try {
    return runGraph(kernels, graph, constants);
  } catch (error) {
    if (error instanceof ModelError && error.code === "op_unsupported") return null;
    throw error;
  }
}

/** How many of an operator's inputs are data; the others say what is done with it. One unless it is said here. */
const SHAPING: Readonly<Record<string, number>> = {
  Concat: 1024,
  Gather: 2,
  Where: 3,
  MatMul: 2,
  Gemm: 3,
  ...Object.fromEntries(
    ["Add", "Sub", "Mul", "Div", "Pow", "Mod", "Equal", "Less", "Greater", "And", "Or", "Xor", "PRelu"].map(
      (op) => [op, 2],
    ),
  ),
  ...Object.fromEntries(["Sum", "Max", "Min", "Mean"].map((op) => [op, 1024])),
};
