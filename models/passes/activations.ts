// Moves a Clip (ReLU, ReLU6) into the node that feeds it, so that the kernel clamps as it stores.
import { countReaders, type Graph, type Node } from "../legacy-graph.ts";

export function fuseActivations(graph: Graph): Graph {
  const readers = countReaders(graph);
  const nodes: Node[] = [];
  const places = new Map<string, number>();
  for (const node of graph.nodes) {
    const place = places.get(node.inputs[0]!) ?? -1;
    const producer = nodes[place];
    if (
      node.op !== "Clip" ||
      producer === undefined ||
      !("clip" in producer) ||
      readers.get(producer.name) !== 1
    ) {
      places.set(node.name, nodes.push(node) - 1);
      continue;
    }
    const { clip } = producer;
    const fused = { min: Math.max(clip.min, node.clip.min), max: Math.min(clip.max, node.clip.max) };
    nodes[place] = { ...producer, name: node.name, clip: fused };
    places.set(node.name, place);
  }
  return { ...graph, nodes };
}
