// A product taken apart: what activations are written as, in whichever order their factors stand.
import type { Node } from "../graph.ts";
import type { Rewriter } from "./rewriter.ts";

export interface Product {
  /** Names of the factors that are no scalar constants. */
  readonly factors: readonly string[];
  /** All scalar constants together. */
  readonly scale: number;
  /** The Mul and Div nodes within, without the last one. */
  readonly nodes: readonly Node[];
}

/** A product of more factors, constants included, is no activation: a long chain is not walked again from each end. */
const MAX_FACTORS = 8;

/** The product that ends in `root`: Mul of anything, Div by a scalar constant. Null where it is none. */
export function productOf(root: Node, graph: Rewriter): Product | null {
  if (!isProduct(root, graph)) return null;
  const factors: string[] = [];
  const nodes: Node[] = [];
  let scale = 1;
  const open: Node[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node !== root && nodes.push(node) > MAX_FACTORS) return null;
    const isQuotient = node.op === "Div";
    for (const [index, name] of node.inputs.entries()) {
      const scalar = scalarOf(graph, name, node);
      const inner = graph.producer(name);
      if (scalar !== null) scale = isQuotient && index === 1 ? scale / scalar : scale * scalar;
      else if (inner !== undefined && isProduct(inner, graph) && graph.readers(name)?.length === 1) {
        open.push(inner);
      } else factors.push(name);
    }
  }
  return { factors, scale, nodes };
}

function isProduct(node: Node, graph: Rewriter): boolean {
  if (node.domain !== "" || node.inputs.length !== 2) return false;
  return node.op === "Mul" || (node.op === "Div" && scalarOf(graph, node.inputs[1], node) !== null);
}

/**
 * A real constant of one element that leaves the shape of its other operand as it is. `node` is the one that it is an
 * operand of; where the rank of its output is not known, the constant has at most one dimension.
 */
export function scalarOf(graph: Rewriter, name: string | undefined, node: Node): number | null {
  const constant = graph.constant(name);
  if (constant === undefined || constant.data.length !== 1) return null;
  if (constant.dtype !== "f32" && constant.dtype !== "f64") return null;
  const others = node.inputs.filter((input) => input !== name).map((input) => graph.rank(input) ?? 1);
  return constant.shape.length > Math.max(0, ...others) ? null : constant.data[0]!;
}

/** The two operands of an operator for which their order does not matter, the scalar constant last. */
export function withScalar(node: Node | undefined, op: string, graph: Rewriter): [string, number] | null {
  if (node === undefined || node.op !== op || node.domain !== "" || node.inputs.length !== 2) return null;
  const [first = "", second = ""] = node.inputs;
  const [a, b] = [scalarOf(graph, first, node), scalarOf(graph, second, node)];
  if (b !== null) return [first, b];
  return a === null ? null : [second, a];
}

/** Constants are f32, and some exporters round them before they divide: 1/6 is found as 0.1666667. */
export function isNear(value: number, want: number): boolean {
  return Math.abs(value - want) <= 1e-6 * Math.abs(want);
}
