// Drops nodes that only rename a value.
import { type Graph, rewire } from "../legacy-graph.ts";

export function dropIdentities(graph: Graph): Graph {
  const renamed = new Map<string, string>();
  const nodes = graph.nodes.filter((node) => {
    // The source may be an identity itself, already renamed: chains stay one step long.
    if (node.op === "Identity") renamed.set(node.name, renamed.get(node.inputs[0]!) ?? node.inputs[0]!);
    return node.op !== "Identity";
  });
  return rewire(graph, nodes, renamed);
}
