// softmax(scale · q·kᵀ + terms) · v is Attention in the domain "quorate": inputs q, kᵀ, v and the terms in their order,
// attribute scale. The scale is a product or quotient behind q·kᵀ, the terms are masks and relative positions; a mask may
// also be a Where that puts a number in the place of scores, if that is so far below that a sum with it is the same.
import type { Node } from "../graph.ts";
import { scalarOf, withScalar } from "./factors.ts";
import type { Match, Rewriter } from "./rewriter.ts";

/** Sums of more are no scores: a long chain is not walked again from each of its ends. */
const MAX_TERMS = 4;
/** f32 has no number between this and what a score of less than 10³⁰ adds to it. */
const FAR_BELOW = -1e38;

export const fuseAttention: Match = (root, graph) => {
  if (!isProductOfTwo(root, graph)) return null;
  const [weights = "", value = ""] = root.inputs;
  const softmax = graph.producer(weights);
  if (softmax?.op !== "Softmax" || softmax.domain !== "") return null;
  const scores = scoresOf(softmax.inputs[0]!, graph, MAX_TERMS);
  if (scores === null) return null;
  if (!isOfLastAxis(softmax, rankOfScores(scores, graph))) return null;
  if (!Number.isFinite(Math.fround(scores.scale)) || !graph.isClosed(root, [softmax, ...scores.nodes]))
    return null;
  const inputs = [scores.query, scores.keys, value, ...scores.terms];
  const attributes = new Map([["scale", scores.scale]]);
  const attention = { ...root, domain: "quorate", op: "Attention", inputs, attributes };
  return { nodes: [...scores.masks, attention] };
};

interface Scores {
  readonly query: string;
  /** Transposed: (…, size, keys). */
  readonly keys: string;
  readonly scale: number;
  readonly terms: readonly string[];
  /** New nodes, which make terms. */
  readonly masks: readonly Node[];
  readonly nodes: readonly Node[];
}

function scoresOf(name: string, graph: Rewriter, depth: number): Scores | null {
  const node = graph.producer(name);
  if (node?.domain !== "" || depth === 0) return null;
  if (isProductOfTwo(node, graph)) {
    const [query = "", keys = ""] = node.inputs;
    return { query, keys, scale: 1, terms: [], masks: [], nodes: [node] };
  }
  const [scaled, factor] = withScalar(node, node.op === "Div" ? "Div" : "Mul", graph) ?? [];
  if (scaled !== undefined && factor !== undefined) {
    if (node.op === "Div" && scaled !== node.inputs[0]) return null;
    const inner = scoresOf(scaled, graph, depth - 1);
    if (inner === null || inner.terms.length > 0) return null;
    const scale = node.op === "Div" ? inner.scale / factor : inner.scale * factor;
    return { ...inner, scale, nodes: [...inner.nodes, node] };
  }
  if (node.op === "Where") return maskedScoresOf(node, graph, depth);
  if (node.op !== "Add") return null;
  for (const [sum = "", term = ""] of [node.inputs, node.inputs.toReversed()]) {
    const inner = scoresOf(sum, graph, depth - 1);
    if (inner !== null) return { ...inner, terms: [...inner.terms, term], nodes: [...inner.nodes, node] };
  }
  return null;
}

/** The number becomes a term, which is 0 where scores stay. One mask only: the sum of two would be −∞ where both hold. */
function maskedScoresOf(node: Node, graph: Rewriter, depth: number): Scores | null {
  for (const place of [1, 2]) {
    const filter = scalarOf(graph, node.inputs[place], node);
    const inner =
      filter === null || filter > FAR_BELOW ? null : scoresOf(node.inputs[3 - place]!, graph, depth - 1);
    if (inner === null || inner.masks.length > 0) continue;
    const zero = graph.addConstant(node.name, { dtype: "f32", shape: [], data: Float32Array.of(0) });
    const term = graph.addValue(node.outputs[0]!);
    const mask = { ...node, inputs: node.inputs.with(3 - place, zero), outputs: [term] };
    return {
      ...inner,
      terms: [...inner.terms, term],
      masks: [...inner.masks, mask],
      nodes: [...inner.nodes, node],
    };
  }
  return null;
}

/** Of values that are both computed: one with weights is a layer. */
function isProductOfTwo({ domain, op, inputs }: Node, graph: Rewriter): boolean {
  return domain === "" && op === "MatMul" && inputs.every((name) => graph.constant(name) === undefined);
}

/** Where shapes are computed, the order of a transposition still says how many axes there are. */
function rankOfScores({ query, keys, terms }: Scores, graph: Rewriter): number | undefined {
  const ranks = [query, keys].map((name) => {
    const producer = graph.producer(name);
    const order = producer?.op === "Transpose" ? producer.attributes.get("perm") : undefined;
    return Array.isArray(order) ? order.length : graph.rank(name);
  });
  const all = [...ranks, ...terms.map((term) => graph.rank(term))];
  return all.includes(undefined) ? undefined : Math.max(...(all as number[]));
}

/** Before opset 13 everything from the axis on is one row: the last axis is one in both. */
function isOfLastAxis({ attributes }: Node, rank: number | undefined): boolean {
  const axis = attributes.get("axis") ?? -1;
  return axis === -1 || (rank !== undefined && axis === rank - 1);
}
