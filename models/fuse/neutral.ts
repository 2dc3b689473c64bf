// Removes what changes nothing: Identity, Dropout's remains, · 1, / 1, + 0, − 0.
import type { Node } from "../graph.ts";
import { scalarOf, withScalar } from "./factors.ts";
import type { Match } from "./rewriter.ts";

export const removeNeutral: Match = (node, graph) => {
  if (node.domain !== "") return null;
  if (node.op === "Identity" && graph.constant(node.inputs[0]) === undefined)
    return { alias: node.inputs[0]! };
  const [operand, scalar] = withScalar(node, "Mul", graph) ?? withScalar(node, "Add", graph) ?? behind(node);
  const neutral = node.op === "Mul" || node.op === "Div" ? 1 : 0;
  return operand !== undefined && scalar === neutral ? { alias: operand } : null;

  function behind({ op, inputs }: Node): [string, number] | [] {
    const isBehind = (op === "Div" || op === "Sub") && inputs.length === 2;
    const value = isBehind ? scalarOf(graph, inputs[1], node) : null;
    return value === null ? [] : [inputs[0]!, value];
  }
};
