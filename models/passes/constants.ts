// Computes arithmetic on constants while compiling: f64 operations, rounded once to f32.
import type { Constant, Graph, Node } from "../legacy-graph.ts";

const OPERATIONS = {
  Add: (a: number, b: number) => a + b,
  Sub: (a: number, b: number) => a - b,
  Mul: (a: number, b: number) => a * b,
};

export function foldConstants(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const folded = fold(node, constants);
    if (folded === null) nodes.push(node);
    else constants.set(node.name, folded);
  }
  return { ...graph, nodes, constants };
}

/** Operands of equal size, or one of them a scalar; other broadcasts stay in the graph. */
function fold(node: Node, constants: ReadonlyMap<string, Constant>): Constant | null {
  if (node.op !== "Add" && node.op !== "Sub" && node.op !== "Mul") return null;
  const a = constants.get(node.inputs[0] ?? "");
  const b = constants.get(node.inputs[1] ?? "");
  if (a === undefined || b === undefined) return null;
  const larger = a.data.length >= b.data.length ? a : b;
  const smaller = larger === a ? b : a;
  if (smaller.data.length !== 1 && smaller.data.length !== larger.data.length) return null;
  const apply = OPERATIONS[node.op];
  const at = (constant: Constant, index: number) =>
    constant.data[constant.data.length === 1 ? 0 : index] ?? 0;
  const data = larger.data.map((_, index) => apply(at(a, index), at(b, index)));
  return { shape: larger.shape, data };
}
