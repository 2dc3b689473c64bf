// Clip(x + 3, 0, 6) / 6 is HardSigmoid (alpha 1/6, beta 1/2); times x it is HardSwish. The division may be a product
// with 1/6, and the factors stand in any order.
import type { Node } from "../graph.ts";
import { isNear, productOf, withScalar } from "./factors.ts";
import type { Match, Rewriter } from "./rewriter.ts";

export const fuseHardSwish: Match = (root, graph) => {
  const product = productOf(root, graph);
  if (product === null) return null;
  const { factors, scale, nodes } = product;
  for (const [index, factor] of factors.entries()) {
    const others = factors.filter((_, other) => other !== index);
    const clipped = clippedOf(factor, graph);
    if (clipped !== null && isNear(scale, 1 / 6) && graph.isClosed(root, [...nodes, ...clipped.nodes])) {
      if (others.length === 0) return activation(root, "HardSigmoid", clipped.x, HARD_SIGMOID);
      if (others.length === 1 && others[0] === clipped.x) return activation(root, "HardSwish", clipped.x, []);
    }
    const gate = graph.producer(factor);
    if (gate === undefined || !isHardSigmoid(gate) || !isNear(scale, 1)) continue;
    if (others.length === 1 && others[0] === gate.inputs[0] && graph.isClosed(root, [...nodes, gate])) {
      return activation(root, "HardSwish", gate.inputs[0]!, []);
    }
  }
  return null;
};

const HARD_SIGMOID = [
  ["alpha", 1 / 6],
  ["beta", 0.5],
] as const;

function activation(root: Node, op: string, x: string, attributes: readonly (readonly [string, number])[]) {
  return { nodes: [{ ...root, op, inputs: [x], attributes: new Map(attributes) }] };
}

/** x where a value is Clip(x + 3, 0, 6). */
function clippedOf(name: string, graph: Rewriter): { x: string; nodes: readonly Node[] } | null {
  const clip = graph.producer(name);
  if (clip?.op !== "Clip" || clip.domain !== "") return null;
  const [low, high] = [1, 2].map((index) => graph.constant(clip.inputs[index])?.data);
  if (low?.length !== 1 || high?.length !== 1 || low[0] !== 0 || high[0] !== 6) return null;
  const shift = graph.producer(clip.inputs[0]);
  const sum = withScalar(shift, "Add", graph);
  return shift !== undefined && sum?.[1] === 3 ? { x: sum[0], nodes: [clip, shift] } : null;
}

function isHardSigmoid({ op, domain, attributes }: Node): boolean {
  const alpha = attributes.get("alpha") ?? 0.2;
  const beta = attributes.get("beta") ?? 0.5;
  return (
    op === "HardSigmoid" && domain === "" && typeof alpha === "number" && isNear(alpha, 1 / 6) && beta === 0.5
  );
}
