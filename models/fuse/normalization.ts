// Normalization over the last axes, as exporters without an operator for it write it down:
//   d = x − Mean(x);  y = d / √(Mean(d²) + ε) · γ + β    LayerNormalization
//   y = x / √(Mean(x²) + ε) · γ                          RMSNormalization
// Squares are Pow(·, 2) or products, and the quotient may be a product with a reciprocal, which γ may come before.
import type { Constant, Node } from "../graph.ts";
import { withScalar } from "./factors.ts";
import type { Match, Rewriter } from "./rewriter.ts";

/** Ends at the last Add, or at γ where there is none; without γ the parts stay. */
export const fuseNormalization: Match = (root, graph) => {
  if (root.op === "Add") {
    const [scaled, beta] = withConstant(root, "Add", graph) ?? [];
    const mul = graph.producer(scaled);
    const found = mul === undefined ? null : normalizationOf(mul, graph);
    if (found?.isCentred !== true || beta === undefined || !fits(beta, found, graph)) return null;
    if (!graph.isClosed(root, [mul!, ...found.nodes])) return null;
    return normalization(root, "LayerNormalization", found, beta);
  }
  const found = normalizationOf(root, graph);
  if (found === null || !graph.isClosed(root, found.nodes)) return null;
  if (found.isCentred && isShifted(root, found, graph)) return null;
  return normalization(root, found.isCentred ? "LayerNormalization" : "RMSNormalization", found, null);
};

interface Found {
  readonly x: string;
  readonly isCentred: boolean;
  readonly gamma: string;
  readonly epsilon: number;
  /** How many last axes are normalized over. */
  readonly axes: number;
  readonly nodes: readonly Node[];
}

/** The one reader of γ's product adds β: the match waits for it. */
function isShifted(mul: Node, found: Found, graph: Rewriter): boolean {
  const [reader, ...others] = graph.readers(mul.outputs[0]!) ?? [];
  const beta = reader === undefined || others.length > 0 ? null : withConstant(reader, "Add", graph);
  return beta !== null && fits(beta[1], found, graph);
}

function normalization(root: Node, op: string, { x, gamma, epsilon, axes }: Found, beta: string | null) {
  const attributes = new Map([
    ["axis", -axes],
    ["epsilon", epsilon],
  ]);
  return { nodes: [{ ...root, op, inputs: beta === null ? [x, gamma] : [x, gamma, beta], attributes }] };
}

/** What a product with γ normalizes. */
function normalizationOf(mul: Node, graph: Rewriter): Found | null {
  const scaled = scaledQuotientOf(mul, graph);
  if (scaled === null) return null;
  const { dividend, divisor, gamma, nodes } = scaled;
  const root = graph.producer(divisor);
  const shifted = root?.op === "Sqrt" && root.domain === "" ? graph.producer(root.inputs[0]) : undefined;
  const [mean, epsilon] = withScalar(shifted, "Add", graph) ?? [];
  const variance = meanOf(mean, graph);
  if (variance === null || epsilon === undefined) return null;
  const square = squareOf(variance.of, graph);
  if (square === null) return null;
  const below = [...nodes, root!, shifted!, variance.node, square.node];
  const centre = graph.producer(dividend);
  const found = { gamma, epsilon, axes: variance.axes };
  if (centre?.op === "Sub" && centre.domain === "" && isSame(square.of, dividend, graph)) {
    const mean = meanOf(centre.inputs[1], graph);
    if (mean !== null && mean.of === centre.inputs[0] && mean.axes === variance.axes) {
      const centres = [centre, graph.producer(square.of)!];
      const result = { ...found, x: mean.of, isCentred: true, nodes: [...below, mean.node, ...centres] };
      return fits(gamma, result, graph) ? result : null;
    }
  }
  const result = { ...found, x: dividend, isCentred: false, nodes: below };
  return square.of === dividend && fits(gamma, result, graph) ? result : null;
}

/** (a / b) · γ, or a · (γ · (1 / b)) as TensorFlow writes it. */
function scaledQuotientOf(mul: Node, graph: Rewriter) {
  const [normalized, gamma] = withConstant(mul, "Mul", graph) ?? [];
  if (gamma !== undefined) {
    const quotient = quotientOf(normalized, graph);
    return quotient && { ...quotient, gamma };
  }
  if (mul.op !== "Mul" || mul.domain !== "") return null;
  for (const [dividend = "", factor] of [mul.inputs, mul.inputs.toReversed()]) {
    const product = graph.producer(factor);
    const [inverse, scale] = product === undefined ? [] : (withConstant(product, "Mul", graph) ?? []);
    const reciprocal = graph.producer(inverse);
    if (scale === undefined || reciprocal?.op !== "Reciprocal" || reciprocal.domain !== "") continue;
    return { dividend, divisor: reciprocal.inputs[0]!, gamma: scale, nodes: [product!, reciprocal] };
  }
  return null;
}

/** a / b, or a · (1 / b). */
function quotientOf(name: string | undefined, graph: Rewriter) {
  const node = graph.producer(name);
  if (node === undefined || node.domain !== "") return null;
  const [first = "", second = ""] = node.inputs;
  if (node.op === "Div") return { dividend: first, divisor: second, nodes: [node] };
  if (node.op !== "Mul") return null;
  for (const [dividend, inverse] of [
    [first, second],
    [second, first],
  ] as const) {
    const reciprocal = graph.producer(inverse);
    if (reciprocal?.domain !== "") continue;
    if (reciprocal.op === "Reciprocal") {
      return { dividend, divisor: reciprocal.inputs[0]!, nodes: [node, reciprocal] };
    }
    const one = reciprocal.op === "Div" ? graph.constant(reciprocal.inputs[0])?.data : undefined;
    if (one?.length === 1 && one[0] === 1) {
      return { dividend, divisor: reciprocal.inputs[1]!, nodes: [node, reciprocal] };
    }
  }
  return null;
}

/** ReduceMean over the last axes that keeps them, and how many they are. */
function meanOf(name: string | undefined, graph: Rewriter) {
  const node = graph.producer(name);
  if (node?.op !== "ReduceMean" || node.domain !== "" || (node.attributes.get("keepdims") ?? 1) !== 1)
    return null;
  const axes = graph.constant(node.inputs[1])?.data;
  if (axes === undefined || axes.length === 0) return null;
  const rank = graph.rank(node.inputs[0]!);
  const behind = [...axes].map((axis) => Number(axis) - (Number(axis) < 0 ? 0 : (rank ?? 0)));
  const isLast = behind.toSorted((a, b) => b - a).every((axis, index) => axis === -1 - index);
  return isLast ? { node, of: node.inputs[0]!, axes: axes.length } : null;
}

function squareOf(name: string, graph: Rewriter): { node: Node; of: string } | null {
  const node = graph.producer(name);
  if (node?.domain !== "") return null;
  const [first = "", second = ""] = node.inputs;
  if (node.op === "Mul") return first === second ? { node, of: first } : null;
  const exponent = node.op === "Pow" ? graph.constant(second)?.data : undefined;
  return exponent?.length === 1 && Number(exponent[0]) === 2 ? { node, of: first } : null;
}

/** One value, or the same difference computed twice. */
function isSame(a: string, b: string, graph: Rewriter): boolean {
  if (a === b) return true;
  const [first, second] = [graph.producer(a), graph.producer(b)];
  return first?.op === "Sub" && second?.op === "Sub" && first.inputs.join("\n") === second.inputs.join("\n");
}

/** A binary operator with a constant on either side. */
function withConstant(node: Node, op: string, graph: Rewriter): [string, string] | null {
  if (node.op !== op || node.domain !== "") return null;
  const [first = "", second = ""] = node.inputs;
  if (graph.constant(second) !== undefined) return [first, second];
  return graph.constant(first) === undefined ? null : [second, first];
}

/** γ and β have the normalized axes and no others; one element for all would hide how many they are. */
function fits(name: string, { axes }: Pick<Found, "axes">, graph: Rewriter): boolean {
  const constant: Constant | undefined = graph.constant(name);
  return (
    constant !== undefined &&
    constant.dtype === "f32" &&
    constant.shape.length === axes &&
    constant.data.length > 1
  );
}
