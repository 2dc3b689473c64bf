// Moves scalar Mul, Add and Sub that stand directly behind a graph input into the input's own scale and bias.
import { countReaders, type Graph, type GraphInput, type Node, rewire } from "../legacy-graph.ts";

export function foldInputScaling(graph: Graph): Graph {
  const readers = countReaders(graph);
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
  const nodes: Node[] = [];
  const renamed = new Map<string, string>();
  for (const node of graph.nodes) {
    const names = node.inputs.map((name) => renamed.get(name) ?? name);
    const input = names.map((name) => inputs.get(name)).find((found) => found !== undefined);
    const scaled =
      input && readers.get(names.find((name) => inputs.has(name)) ?? "") === 1 && scale(input, node, graph);
    if (!input || !scaled) {
      nodes.push(node);
      continue;
    }
    inputs.set(input.name, scaled);
    renamed.set(node.name, input.name);
    readers.set(input.name, readers.get(node.name) ?? 0);
  }
  return rewire({ ...graph, inputs: [...inputs.values()] }, nodes, renamed);
}

function scale(input: GraphInput, node: Node, graph: Graph): GraphInput | null {
  const constants = node.inputs.map((name) => graph.constants.get(name));
  const scalar = constants.find((constant) => constant?.data.length === 1)?.data[0];
  if (scalar === undefined) return null;
  if (node.op === "Mul") return { ...input, scale: input.scale * scalar, bias: input.bias * scalar };
  if (node.op === "Add") return { ...input, bias: input.bias + scalar };
  // Only x − c: c − x would need a negative scale.
  if (node.op === "Sub" && constants[0] === undefined) return { ...input, bias: input.bias - scalar };
  return null;
}
