// Which values a graph reads, and what is left of it when nobody reads the rest.
import type { Attribute, Constant, Graph, Node } from "./graph.ts";

export function isGraph(attribute: Attribute): attribute is Graph {
  return typeof attribute === "object" && "nodes" in attribute;
}

/** The names that the graphs in a node's attributes read, be they theirs or from around them. */
export function nestedReads(node: Node): Set<string> {
  const read = new Set<string>();
  for (const value of node.attributes.values()) if (isGraph(value)) collectReads(value, read);
  return read;
}

function collectReads(graph: Graph, read: Set<string>): void {
  for (const name of graph.outputs) read.add(name);
  for (const node of graph.nodes) {
    for (const name of node.inputs) read.add(name);
    for (const value of node.attributes.values()) if (isGraph(value)) collectReads(value, read);
  }
}

/** The constants of a graph that something in it reads. */
export function keepRead(graph: Graph): Map<string, Constant> {
  const read = new Set<string>();
  collectReads(graph, read);
  return new Map([...graph.constants].filter(([name]) => read.has(name)));
}
