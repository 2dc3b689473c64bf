// Runs a graph once, here, with the engine's own kernels: what folds constants and checks test cases.
import { createRunner, type ELEMENT_BYTES, type Runner } from "../engine/index.ts";
import { bytesOf, constantOfBytes } from "./constant.ts";
import { ModelError } from "./errors.ts";
import type { Constant, DataType, Graph } from "./graph.ts";
import { type LowerOptions, lowerGraph } from "./lower/lower.ts";
import { ANONYMOUS, emitProgram } from "./manifest.ts";
import type { Program } from "./program.ts";
import { ELEMENT_TYPES } from "./value.ts";

type Evaluate = LowerOptions["evaluate"];

/** What folding may take for one model, in all: half of what the compiler may hold, and some ten seconds. */
const MAX_FOLDED_BYTES = 256 * 1024 * 1024;
const MAX_FOLDED_OPERATIONS = 2e10;

/** Outputs in the graph's order. Throws ModelError as lowerGraph does, InferenceError as the engine does. */
export function runGraph(
  kernels: WebAssembly.Module,
  graph: Graph,
  inputs: ReadonlyMap<string, Constant>,
): Constant[] {
  const options = { dimensions: {}, bytes: {}, evaluate: createFolding(kernels) };
  return runProgram(createProgramRunner(kernels, lowerGraph(graph, options)), inputs);
}

/**
 * Computes the nodes of one model whose inputs are all constant: their outputs, or null where the engine has none to
 * give. Throws ModelError model_too_large.
 */
export function createFolding(kernels: WebAssembly.Module): Evaluate {
  const left = { bytes: MAX_FOLDED_BYTES, operations: MAX_FOLDED_OPERATIONS };
  const fold: Evaluate = (node, constants) => {
    if ([...constants.values()].some(({ data }) => data.length === 0)) return null;
    const outputs = node.outputs.filter((name) => name !== "");
    const graph: Graph = { inputs: [], outputs, nodes: [node], constants };
    const evaluate: Evaluate = (inner, values) => (inner === node ? null : fold(inner, values));
    try {
      const program = lowerGraph(graph, { dimensions: {}, bytes: {}, evaluate });
      const runner = createProgramRunner(kernels, program);
      left.bytes -= runner.manifest.outputs.reduce(
        (sum, { tensor }) => sum + runner.tensor(tensor).length,
        0,
      );
      left.operations -= runner.opCount;
      if (left.bytes < 0 || left.operations < 0)
        throw new ModelError(
          "model_too_large",
          `its constants take too much to compute (at node ${node.name})`,
        );
      return runProgram(runner, new Map());
    } catch (error) {
      if (error instanceof ModelError && error.code === "op_unsupported") return null;
      throw error;
    }
  };
  return fold;
}

function createProgramRunner(kernels: WebAssembly.Module, program: Program): Runner {
  return createRunner(kernels, "simd128", emitProgram(program, ANONYMOUS));
}

function runProgram(runner: Runner, inputs: ReadonlyMap<string, Constant>): Constant[] {
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
