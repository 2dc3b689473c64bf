// A smaller case that fails in the same step: fewer outputs, then what was computed handed in as an input.
import type { Constant } from "../../models/graph.ts";
import { encodeModel, type GraphSpec, type NodeSpec } from "../models/import/encode-onnx.ts";
import { checkCase, type Outcome } from "./check.ts";
import type { FuzzCase } from "./generate.ts";
import { runRival } from "./rival.ts";
import { ONNX_TYPES } from "./sketch.ts";

export async function shrinkCase(
  kernels: WebAssembly.Module,
  given: FuzzCase,
  step: string,
): Promise<FuzzCase> {
  const fails = async (tried: FuzzCase) => {
    const outcome: Outcome = await checkCase(kernels, tried);
    return outcome.kind === "failed" && outcome.step === step;
  };
  let best = given;
  for (const { outputs = [] } of given.model.nodes ?? []) {
    const one = needed(
      withOutputs(
        given,
        outputs.filter((name) => name !== ""),
      ),
    );
    if (!(await fails(one))) continue;
    best = one;
    break;
  }
  for (const node of [...(best.model.nodes ?? [])].reverse()) {
    const cut = await cutAt(best, node);
    if (cut !== null && (await fails(cut))) best = cut;
  }
  for (const name of best.model.outputs) {
    const one = needed(withOutputs(best, [name]));
    if (best.model.outputs.length > 1 && (await fails(one))) best = one;
  }
  return best;
}

function withOutputs(given: FuzzCase, outputs: readonly string[]): FuzzCase {
  return { ...given, model: { ...given.model, outputs } };
}

/** Without nodes, inputs and constants that lead nowhere. */
function needed(given: FuzzCase): FuzzCase {
  const live = new Set(given.model.outputs);
  const nodes: NodeSpec[] = [];
  for (const node of [...(given.model.nodes ?? [])].reverse()) {
    if (!node.outputs?.some((name) => live.has(name))) continue;
    for (const name of readsOf(node)) live.add(name);
    nodes.unshift(node);
  }
  const isLive = ({ name = "" }) => live.has(name);
  const { inputs = [], initializers = [] } = given.model;
  return {
    ...given,
    model: {
      ...given.model,
      nodes,
      inputs: inputs.filter(isLive),
      initializers: initializers.filter(isLive),
    },
  };
}

function readsOf({ inputs = [], attributes = {} }: NodeSpec): string[] {
  const graphs = Object.values(attributes).flatMap((each) => ("graph" in each ? [each.graph] : []));
  return [...inputs, ...graphs.flatMap((graph: GraphSpec) => (graph.nodes ?? []).flatMap(readsOf))];
}

/** The outputs of a node as inputs, with the values that the peer computes; null where it cannot. */
async function cutAt(given: FuzzCase, node: NodeSpec): Promise<FuzzCase | null> {
  const names = (node.outputs ?? []).filter((name) => given.values.has(name));
  if (names.length === 0 || names.some((name) => given.model.outputs.includes(name))) return null;
  const bytes = encodeModel(needed(withOutputs(given, names)).model);
  const result = await runRival(bytes, names, given.feeds);
  if ("refused" in result) return null;
  const fed = names.map((name) => given.values.get(name)!);
  const inputs = fed.map(({ name, dtype, shapes }) => ({
    name,
    type: ONNX_TYPES[dtype],
    shape: shapes[0].map((size, axis) => (size === shapes[1][axis] ? size : symbolOf(given, shapes, axis))),
  }));
  if (inputs.some(({ shape }) => shape.includes(null))) return null;
  const feeds = ([0, 1] as const).map(
    (binding): ReadonlyMap<string, Constant> =>
      new Map([
        ...given.feeds[binding],
        ...names.map((name, at) => [name, result.outputs[binding]![at]!] as const),
      ]),
  ) as [ReadonlyMap<string, Constant>, ReadonlyMap<string, Constant>];
  const nodes = (given.model.nodes ?? []).filter((other) => other !== node);
  return needed({
    ...given,
    feeds,
    model: { ...given.model, nodes, inputs: [...(given.model.inputs ?? []), ...inputs] },
  });
}

function symbolOf(
  { symbols }: FuzzCase,
  shapes: readonly (readonly number[])[],
  axis: number,
): string | null {
  const found = symbols.find(({ sizes }) => sizes[0] === shapes[0]![axis] && sizes[1] === shapes[1]![axis]);
  return found?.name ?? null;
}
