// A graph that fusions change node by node. Whoever replaces a node need not look after those that fed it: what nobody
// reads any more is gone, and counts as a reader no longer.
import type { Constant, Graph, Node } from "../graph.ts";
import { rankOf } from "../import/rank.ts";
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

/** Every node once, in order, so that a match sees what earlier ones made. */
export function rewrite(graph: Graph, match: Match): Graph {
  const rewriter = new Rewriter(graph);
  rewriter.apply(match);
  return rewriter.finish();
}

export class Rewriter {
  readonly #graph: Graph;
  readonly #constants: Map<string, Constant>;
  /** What stands in the place of each original node; places keep their order. */
  readonly #places: (readonly Node[])[];
  readonly #producers = new Map<string, number>();
  readonly #readers = new Map<string, Set<number>>();
  /** Read from outside: outputs of the graph, and what graphs in attributes read. */
  readonly #exposed: Set<string>;
  readonly #ranks = new Map<string, number>();
  /** Every name that was ever used, so that none is used for something else. */
  readonly #names: Set<string>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#names = new Set([
      ...graph.inputs.map(({ name }) => name),
      ...graph.constants.keys(),
      ...graph.nodes.flatMap(({ outputs }) => outputs),
    ]);
    this.#constants = new Map(graph.constants);
    this.#exposed = new Set([...graph.outputs, ...graph.nodes.flatMap((node) => [...nestedReads(node)])]);
    for (const { name, shape } of graph.inputs) this.#ranks.set(name, shape.length);
    this.#places = graph.nodes.map(() => []);
    for (const [place, node] of graph.nodes.entries()) this.#put(place, [node]);
  }

  apply(match: Match): void {
    for (let place = 0; place < this.#places.length; place++) {
      const node = this.#places[place]?.at(-1);
      const replacement = node === undefined ? null : match(node, this);
      if (node === undefined || replacement === null) continue;
      if ("nodes" in replacement) this.#replace(place, replacement.nodes);
      else if (!this.#exposed.has(node.outputs[0]!)) this.#redirect(node.outputs[0]!, replacement.alias);
    }
  }

  finish(): Graph {
    const graph = { ...this.#graph, nodes: this.#places.flat(), constants: this.#constants };
    return { ...graph, constants: keepRead(graph) };
  }

  producer(name: string | undefined): Node | undefined {
    const place = this.#producers.get(name ?? "");
    return place === undefined
      ? undefined
      : this.#places[place]?.find(({ outputs }) => outputs.includes(name!));
  }

  /** The nodes that read a value; null where it is read from outside the graph's nodes too. */
  readers(name: string): readonly Node[] | null {
    if (this.#exposed.has(name)) return null;
    const places = [...(this.#readers.get(name) ?? [])];
    return places.flatMap((place) => this.#places[place]!.filter(({ inputs }) => inputs.includes(name)));
  }

  constant(name: string | undefined): Constant | undefined {
    return this.#constants.get(name ?? "");
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
    let name = near;
    for (let count = 1; this.#names.has(name); count++) name = `${near}~${count}`;
    this.#names.add(name);
    return name;
  }

  #put(place: number, nodes: readonly Node[]): void {
    this.#places[place] = nodes;
    for (const node of nodes) {
      for (const name of node.inputs) {
        const readers = this.#readers.get(name) ?? new Set();
        this.#readers.set(name, readers.add(place));
      }
      const rank = rankOf(node, this);
      for (const name of node.outputs) {
        this.#producers.set(name, place);
        if (rank !== undefined && !this.#ranks.has(name)) this.#ranks.set(name, rank);
      }
    }
  }

  #replace(place: number, nodes: readonly Node[]): void {
    const before = this.#places[place]!;
    for (const name of inputsOf(before)) this.#readers.get(name)?.delete(place);
    for (const name of outputsOf(before)) this.#producers.delete(name);
    this.#put(place, nodes);
    this.#sweep(inputsOf(before));
  }

  /** Every reader of one name reads another; whatever made the first is unread then. */
  #redirect(from: string, to: string): void {
    for (const place of this.#readers.get(from) ?? []) {
      const nodes = this.#places[place]!.map((node) => ({
        ...node,
        inputs: node.inputs.map((name) => (name === from ? to : name)),
      }));
      this.#put(place, nodes);
    }
    this.#readers.delete(from);
    this.#sweep([from]);
  }

  /** Removes what makes these values where nobody reads them any more, and then what fed that. */
  #sweep(names: Iterable<string>): void {
    const open = [...names];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const place = this.#producers.get(name);
      if (place === undefined) continue;
      const nodes = this.#places[place]!;
      const isRead = [...outputsOf(nodes)].some(
        (output) =>
          this.#exposed.has(output) || [...(this.#readers.get(output) ?? [])].some((by) => by !== place),
      );
      if (isRead) continue;
      for (const output of outputsOf(nodes)) this.#producers.delete(output);
      for (const input of inputsOf(nodes)) {
        this.#readers.get(input)?.delete(place);
        open.push(input);
      }
      this.#places[place] = [];
    }
  }
}

function inputsOf(nodes: readonly Node[]): Set<string> {
  return new Set(nodes.flatMap(({ inputs }) => inputs));
}

function outputsOf(nodes: readonly Node[]): Set<string> {
  return new Set(nodes.flatMap(({ outputs }) => outputs));
}
