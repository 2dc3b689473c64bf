// Checks a model against outputs that somebody else computed, as ONNX's own test cases give them: a model and, for each
// of its data sets, inputs and the outputs to expect.
import { CodedError } from "../protocol/errors.ts";
import { bindConstants } from "./bind.ts";
import { ModelError } from "./errors.ts";
import type { Constant, Graph } from "./graph.ts";
import { readOnnx } from "./import/onnx.ts";
import { readCaseTensor } from "./import/onnx-case.ts";
import type { ExternalData } from "./import/onnx-tensor.ts";

/** The bytes of the files of one case. */
export interface ModelCase {
  readonly model: Uint8Array;
  readonly external?: ExternalData;
  /** In the order of the model's inputs and outputs. */
  readonly dataSets: readonly {
    readonly inputs: readonly Uint8Array[];
    readonly outputs: readonly Uint8Array[];
  }[];
}

/** Computes the outputs of a graph, in its order. */
export type RunGraph = (graph: Graph, inputs: ReadonlyMap<string, Constant>) => Promise<readonly Constant[]>;

/** Refused: an operator or type that is not supported. Everything else that is not right is a failure. */
export type CaseResult =
  | { readonly status: "passed" }
  | { readonly status: "failed" | "refused"; readonly reason: string };

/** The tolerances of ONNX for its own backends: |actual − expected| ≤ ATOL + RTOL · |expected|. */
const RTOL = 1e-3;
const ATOL = 1e-7;

export async function checkCase(
  { model, external, dataSets }: ModelCase,
  run: RunGraph,
): Promise<CaseResult> {
  try {
    const graph = readOnnx(model, external === undefined ? {} : { external });
    if (dataSets.length === 0) return { status: "failed", reason: "there is no data to compare with" };
    for (const [index, { inputs, outputs }] of dataSets.entries()) {
      const given = nameInputs(graph, inputs);
      const actual = await run(bindConstants(graph, given), given);
      const expected = outputs.map((bytes, output) => readCaseTensor(bytes, `output_${output}.pb`));
      const difference = compareOutputs(graph, actual, expected);
      if (difference !== null) return { status: "failed", reason: `data set ${index}: ${difference}` };
    }
    return { status: "passed" };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const status = error.code === "op_unsupported" ? "refused" : "failed";
    return { status, reason: `${error.message} [${error.code}]` };
  }
}

function nameInputs(graph: Graph, inputs: readonly Uint8Array[]): Map<string, Constant> {
  if (inputs.length !== graph.inputs.length) {
    throw new ModelError(
      "model_malformed",
      `the model has ${graph.inputs.length} inputs, the data set ${inputs.length}`,
    );
  }
  return new Map(
    graph.inputs.map(({ name }, index) => [name, readCaseTensor(inputs[index]!, `input_${index}.pb`)]),
  );
}

function compareOutputs(
  graph: Graph,
  actual: readonly Constant[],
  expected: readonly Constant[],
): string | null {
  if (actual.length !== expected.length) return `${actual.length} outputs, want ${expected.length}`;
  for (const [index, tensor] of expected.entries()) {
    const difference = compareTensors(actual[index]!, tensor);
    if (difference !== null) return `output ${graph.outputs[index]}: ${difference}`;
  }
  return null;
}

/** What differs, or null. Integers and bool are compared exactly, NaN equals NaN. */
export function compareTensors(actual: Constant, expected: Constant): string | null {
  if (actual.dtype !== expected.dtype) return `${actual.dtype}, want ${expected.dtype}`;
  const [shape, wanted] = [actual.shape, expected.shape].map((sizes) => `[${sizes.join(", ")}]`);
  if (shape !== wanted) return `shape ${shape}, want ${wanted}`;
  const isReal = expected.dtype === "f32" || expected.dtype === "f64";
  for (const [index, want] of expected.data.entries()) {
    const found = actual.data[index]!;
    if (Object.is(found, want) || found === want) continue;
    const isNear = isReal && Math.abs(Number(found) - Number(want)) <= ATOL + RTOL * Math.abs(Number(want));
    // An infinity is near everything by that rule.
    if (!isNear || !Number.isFinite(want)) return `element ${index} is ${found}, want ${want}`;
  }
  return null;
}
