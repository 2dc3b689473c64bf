// A graph that fusions change node by node. Whoever replaces a node need not look after those that fed it: what nobody
// reads any more is gone, and counts as a reader no longer.
import type { Constant, DataType, Graph, Node } from "../graph.ts";
import { rankOf } from "../import/rank.ts";
import { Names } from "../names.ts";
import { keepRead, nestedReads } from "../reads.ts";

/** Other nodes in the place of one. The last makes the outputs that anybody reads. */
export interface Replacement {
  readonly nodes: readonly Node[];
}

/** Nothing in the place of a node: whoever reads its first output reads this value instead. */
export interface Alias {
  readonly alias: string;
}

/** Looks at one node, as the last of a pattern; null leaves it as it is. */
export type Match = (node: Node, graph: Rewriter) => Replacement | Alias | null;

/** A value inside a pattern has few readers: more are not listed again and again for each of them. */
const MAX_READERS = 16;

/** One node in its order. What replaces it takes its place, and new places before it. */
interface Place {
  node: Node;
  previous: Place | null;
  next: Place | null;
}

export class Rewriter {
  readonly #graph: Graph;
  readonly #constants: Map<string, Constant>;
  #first: Place | null = null;
  readonly #producers = new Map<string, Place>();
  readonly #readers = new Map<string, Set<Place>>();
  /** Read from outside: outputs of the graph, and what graphs in attributes read. */
  readonly #exposed: Set<string>;
  readonly #ranks = new Map<string, number>();
  /** Every name that was ever used, so that none is used for something else. */
  readonly #names: Names;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#constants = new Map(graph.constants);
    this.#exposed = new Set(graph.outputs);
    this.#names = new Names([...graph.inputs.map(({ name }) => name), ...graph.constants.keys()]);
    for (const { name, shape } of graph.inputs) this.#ranks.set(name, shape.length);
    let last: Place | null = null;
    for (const node of graph.nodes) {
      for (const name of nestedReads(node)) this.#exposed.add(name);
      for (const name of node.outputs) this.#names.add(name);
      const place: Place = { node, previous: last, next: null };
      if (last === null) this.#first = place;
      else last.next = place;
      last = place;
      this.#connect(place);
    }
  }

  /** Every node once, in order, so that a match sees what earlier ones made. */
  apply(match: Match): void {
    for (let place = this.#first; place !== null; place = place.next) {
      const replacement = match(place.node, this);
      if (replacement === null) continue;
      if ("nodes" in replacement) this.#replace(place, replacement.nodes);
      else if (!this.#exposed.has(place.node.outputs[0]!)) this.#redirect(place, replacement.alias);
    }
  }

  finish(): Graph {
    const nodes: Node[] = [];
    for (let place = this.#first; place !== null; place = place.next) nodes.push(place.node);
    const graph = { ...this.#graph, nodes, constants: this.#constants };
    return { ...graph, constants: keepRead(graph) };
  }

  producer(name: string | undefined): Node | undefined {
    return this.#producers.get(name ?? "")?.node;
  }

  /** The nodes that read a value; null where it is read from outside the graph's nodes too, or by very many. */
  readers(name: string): readonly Node[] | null {
    const readers = this.#readers.get(name);
    if (this.#exposed.has(name) || (readers?.size ?? 0) > MAX_READERS) return null;
    return Array.from(readers ?? [], ({ node }) => node);
  }

  constant(name: string | undefined): Constant | undefined {
    return this.#constants.get(name ?? "");
  }

  /** Of a constant or an input of the graph. */
  dtype(name: string): DataType | undefined {
    return this.#constants.get(name)?.dtype ?? this.#graph.inputs.find((input) => input.name === name)?.dtype;
  }

  rank(name: string): number | undefined {
    return this.#ranks.get(name) ?? this.#constants.get(name)?.shape.length;
  }

  /** Nobody but `root` and `nodes` reads what `nodes` make: they can go when `root` is replaced. */
  isClosed(root: Node, nodes: Iterable<Node>): boolean {
    const inside = new Set([root, ...nodes]);
    for (const node of inside) {
      if (node === root) continue;
      for (const output of node.outputs) {
        const readers = output === "" ? [] : this.readers(output);
        if (readers === null || !readers.every((reader) => inside.has(reader))) return false;
      }
    }
    return true;
  }

  /** Keeps a new constant under a name near that of another value, and returns it. */
  addConstant(near: string, constant: Constant): string {
    const name = this.addValue(near);
    this.#constants.set(name, constant);
    return name;
  }

  /** A name for a value that a new node makes. */
  addValue(near: string): string {
    return this.#names.fresh(near);
  }

  #connect(place: Place): void {
    const { node } = place;
    for (const name of node.inputs) {
      const readers = this.#readers.get(name);
      if (readers === undefined) this.#readers.set(name, new Set([place]));
      else readers.add(place);
    }
    const rank = rankOf(node, this);
    for (const name of node.outputs) {
      this.#producers.set(name, place);
      if (rank !== undefined) this.#ranks.set(name, rank);
    }
  }

  #disconnect(place: Place): void {
    const { node } = place;
    for (const name of node.inputs) this.#readers.get(name)?.delete(place);
    for (const name of node.outputs) this.#producers.delete(name);
  }

  #replace(place: Place, nodes: readonly Node[]): void {
    const before = place.node.inputs;
    this.#disconnect(place);
    for (const node of nodes.slice(0, -1)) this.#connect(this.#insert(node, place));
    place.node = nodes.at(-1)!;
    this.#connect(place);
    this.#sweep(before);
  }

  #insert(node: Node, next: Place): Place {
    const place: Place = { node, previous: next.previous, next };
    if (next.previous === null) this.#first = place;
    else next.previous.next = place;
    next.previous = place;
    return place;
  }

  /** Every reader of the first output reads another value; nobody reads that output then. */
  #redirect({ node }: Place, to: string): void {
    const from = node.outputs[0]!;
    for (const reader of this.#readers.get(from) ?? []) {
      const inputs = reader.node.inputs.map((name) => (name === from ? to : name));
      this.#disconnect(reader);
      reader.node = { ...reader.node, inputs };
      this.#connect(reader);
    }
    this.#sweep([from]);
  }

  /** Removes what makes these values where nobody reads them any more, and then what fed that. */
  #sweep(names: readonly string[]): void {
    const open = [...names];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const place = this.#producers.get(name);
      if (place === undefined || place.node.outputs.some((output) => this.#isRead(output))) continue;
      this.#disconnect(place);
      if (place.previous === null) this.#first = place.next;
      else place.previous.next = place.next;
      if (place.next !== null) place.next.previous = place.previous;
      for (const input of place.node.inputs) open.push(input);
    }
  }

  #isRead(name: string): boolean {
    return this.#exposed.has(name) || (this.#readers.get(name)?.size ?? 0) > 0;
  }
}
