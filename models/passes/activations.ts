// Moves a Clip (ReLU, ReLU6) into the node that feeds it, so that the kernel clamps as it stores.
import { countReaders, type Graph, type Node } from "../graph.ts";

export function fuseActivations(graph: Graph): Graph {
  const readers = countReaders(graph);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const source = nodes.findIndex(({ name }) => name === node.inputs[0]);
    const producer = nodes[source];
    if (
      node.op !== "Clip" ||
      producer === undefined ||
      !("clip" in producer) ||
      readers.get(producer.name) !== 1
    ) {
      nodes.push(node);
      continue;
    }
    const { clip } = producer;
    const fused = { min: Math.max(clip.min, node.clip.min), max: Math.min(clip.max, node.clip.max) };
    nodes[source] = { ...producer, name: node.name, clip: fused };
  }
  return { ...graph, nodes };
}
