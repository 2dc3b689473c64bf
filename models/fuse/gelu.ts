// x/2 · (1 + Erf(x/√2)) is Gelu; x/2 · (1 + Tanh(√(2/π) · (x + 0.044715 x³))) is Gelu with approximate = "tanh".
// Factors stand in any order, and the cubic term is x·x·x, Pow(x, 3) or x · (1 + 0.044715 x²).
import type { Node } from "../graph.ts";
import { isNear, productOf, withScalar } from "./factors.ts";
import type { Match, Rewriter } from "./rewriter.ts";

export const fuseGelu: Match = (root, graph) => {
  const product = productOf(root, graph);
  if (product?.factors.length !== 2 || !isNear(product.scale, 0.5)) return null;
  for (const [x, gate] of [product.factors, product.factors.toReversed()]) {
    const add = graph.producer(gate);
    const [inner, one] = withScalar(add, "Add", graph) ?? [];
    const curve = graph.producer(inner);
    if (add === undefined || one !== 1 || curve?.domain !== "") continue;
    const argument =
      curve.op === "Erf"
        ? erfArgument(curve.inputs[0]!, x!, graph)
        : curve.op === "Tanh"
          ? tanhArgument(curve.inputs[0]!, x!, graph)
          : null;
    if (argument === null || !graph.isClosed(root, [...product.nodes, add, curve, ...argument])) continue;
    const approximate = curve.op === "Erf" ? "none" : "tanh";
    return {
      nodes: [{ ...root, op: "Gelu", inputs: [x!], attributes: new Map([["approximate", approximate]]) }],
    };
  }
  return null;
};

/** The nodes that make x/√2, null where `name` is something else. */
function erfArgument(name: string, x: string, graph: Rewriter): readonly Node[] | null {
  const node = graph.producer(name);
  const product = node === undefined ? null : productOf(node, graph);
  if (node === undefined || product === null || !isNear(product.scale, Math.SQRT1_2)) return null;
  return product.factors.length === 1 && product.factors[0] === x ? [node, ...product.nodes] : null;
}

function tanhArgument(name: string, x: string, graph: Rewriter): readonly Node[] | null {
  const node = graph.producer(name);
  const product = node === undefined ? null : productOf(node, graph);
  if (node === undefined || product === null || !isNear(product.scale, Math.sqrt(2 / Math.PI))) return null;
  const inner = innerOf(product.factors, x, graph);
  return inner === null ? null : [node, ...product.nodes, ...inner];
}

/** x + 0.044715 x³ as one factor, or x and 1 + 0.044715 x² as two. */
function innerOf(factors: readonly string[], x: string, graph: Rewriter): readonly Node[] | null {
  const others = factors.toSpliced(factors.indexOf(x), factors.includes(x) ? 1 : 0);
  const add = others.length === 1 ? graph.producer(others[0]) : undefined;
  if (add?.op !== "Add" || add.domain !== "") return null;
  if (factors.length === 2) {
    const [square, one] = withScalar(add, "Add", graph) ?? [];
    const power = one === 1 ? powerOf(square, x, 2, graph) : null;
    return power === null ? null : [add, ...power];
  }
  if (factors.length !== 1 || !add.inputs.includes(x)) return null;
  const power = powerOf(
    add.inputs.find((input) => input !== x),
    x,
    3,
    graph,
  );
  return power === null ? null : [add, ...power];
}

/** The nodes that make 0.044715 · x^exponent. */
function powerOf(
  name: string | undefined,
  x: string,
  exponent: number,
  graph: Rewriter,
): readonly Node[] | null {
  const node = graph.producer(name);
  const product = node === undefined ? null : productOf(node, graph);
  if (node === undefined || product === null || !isNear(product.scale, 0.044715)) return null;
  const nodes = [node, ...product.nodes];
  let degree = 0;
  for (const factor of product.factors) {
    const power = graph.producer(factor);
    if (factor === x) degree++;
    else if (power?.op === "Pow" && power.domain === "" && power.inputs[0] === x) {
      const raised = graph.constant(power.inputs[1])?.data;
      if (raised?.length !== 1) return null;
      degree += Number(raised[0]);
      nodes.push(power);
    } else return null;
  }
  return degree === exponent ? nodes : null;
}
