// Runs a graph once, here, with the engine's own kernels: what folds constants and checks test cases.
import { createRunner, type ELEMENT_BYTES } from "../engine/index.ts";
import { bytesOf, constantOfBytes } from "./constant.ts";
import { ModelError } from "./errors.ts";
import type { Constant, DataType, Graph, Node } from "./graph.ts";
import { type LowerOptions, lowerGraph } from "./lower/lower.ts";
import { ANONYMOUS, emitProgram } from "./manifest.ts";
import type { Program } from "./program.ts";
import { ELEMENT_TYPES } from "./value.ts";

type Evaluate = LowerOptions["evaluate"];

/** Outputs in the graph's order. Throws ModelError as lowerGraph does, InferenceError as the engine does. */
export function runGraph(
  kernels: WebAssembly.Module,
  graph: Graph,
  inputs: ReadonlyMap<string, Constant>,
): Constant[] {
  const evaluate: Evaluate = (node, constants) => evaluateNode(kernels, node, constants);
  return runProgram(kernels, lowerGraph(graph, { dimensions: {}, bytes: {}, evaluate }), inputs);
}

/** The outputs of a node of constants; null where the engine has none to give. */
export function evaluateNode(
  kernels: WebAssembly.Module,
  node: Node,
  constants: ReadonlyMap<string, Constant>,
): Constant[] | null {
  if ([...constants.values()].some(({ data }) => data.length === 0)) return null;
  const outputs = node.outputs.filter((name) => name !== "");
  const graph: Graph = { inputs: [], outputs, nodes: [node], constants };
  const evaluate: Evaluate = (inner, values) =>
    inner === node ? null : evaluateNode(kernels, inner, values);
  try {
    return runProgram(kernels, lowerGraph(graph, { dimensions: {}, bytes: {}, evaluate }), new Map());
  } catch (error) {
    if (error instanceof ModelError && error.code === "op_unsupported") return null;
    throw error;
  }
}

function runProgram(
  kernels: WebAssembly.Module,
  program: Program,
  inputs: ReadonlyMap<string, Constant>,
): Constant[] {
  const runner = createRunner(kernels, "simd128", emitProgram(program, ANONYMOUS));
  const { manifest } = runner;
  runner.run(
    manifest.inputs.map(({ name }) => {
      const given = inputs.get(name);
      if (given === undefined) throw new RangeError(`no input ${name}`);
      return { shape: given.shape, data: bytesOf(given) };
    }),
  );
  return manifest.outputs.map(({ tensor }) => {
    const { dtype } = manifest.tensors[tensor]!;
    return constantOfBytes(DATA_TYPES[dtype], runner.shape(tensor), runner.tensor(tensor));
  });
}

const DATA_TYPES = Object.fromEntries(
  Object.entries(ELEMENT_TYPES).map(([data, element]) => [element, data]),
) as Record<keyof typeof ELEMENT_BYTES, DataType>;
