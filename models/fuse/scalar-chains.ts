// Several operators with scalar constants, one behind the other, are one Mul and one Add at most.
import type { Constant, Node } from "../graph.ts";
import { roundOnce } from "./channels.ts";
import type { Match } from "./rewriter.ts";
import { mapOfRun, runTo } from "./run.ts";

export const fuseScalarChains: Match = (root, graph) => {
  const run = runTo(root, graph);
  if (run === null || run.nodes.length < 2) return null;
  const map = mapOfRun(run, graph, { rank: graph.rank(run.input) ?? 1, axis: 0, count: 1 });
  if (map === null) return null;
  const [scale, shift] = [roundOnce(map.scale), roundOnce(map.shift)];
  if (scale === null || shift === null) return null;
  const steps = [
    { op: "Mul", value: scale, isNeutral: scale[0] === 1 },
    { op: "Add", value: shift, isNeutral: shift[0] === 0 },
  ].filter(({ isNeutral }) => !isNeutral);
  if (steps.length >= run.nodes.length) return null;
  if (steps.length === 0) return { alias: run.input };
  let input = run.input;
  const nodes = steps.map(({ op, value }, index): Node => {
    const constant: Constant = { dtype: "f32", shape: [], data: value };
    const isLast = index === steps.length - 1;
    const name = isLast ? root.name : `${root.name}:scaled`;
    const output = isLast ? root.outputs[0]! : graph.addValue(name);
    const inputs = [input, graph.addConstant(`${root.name}:${op === "Mul" ? "scale" : "shift"}`, constant)];
    input = output;
    return { name, domain: "", op, inputs, outputs: [output], attributes: new Map() };
  });
  return { nodes };
};
