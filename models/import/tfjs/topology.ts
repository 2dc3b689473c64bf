// The nodes of a TF.js graph model: checked, in topological order, with typed attributes.
// attacker-controlled: a model file comes from a stranger.
import type { DataType } from "../../graph.ts";
import {
  checkNodeCount,
  isObject,
  isStringList,
  type Json,
  malformed,
  membersOf,
  unsupported,
} from "./source.ts";

/** Element types by TensorFlow's numbers and names, as TF.js knows them: all integers are 32 bits wide. */
const DATA_TYPES: Readonly<Record<string, DataType>> = {
  1: "f32",
  DT_FLOAT: "f32",
  2: "f32",
  DT_DOUBLE: "f32",
  3: "i32",
  DT_INT32: "i32",
  4: "i32",
  DT_UINT8: "i32",
  6: "i32",
  DT_INT8: "i32",
  9: "i32",
  DT_INT64: "i32",
  10: "bool",
  DT_BOOL: "bool",
};

/** One node of the file. Attributes that are absent have TensorFlow's default; wrong ones throw model_malformed. */
export class TfjsNode {
  readonly name: string;
  readonly op: string;
  /** References to values in the file's form; control edges are left out. */
  readonly inputs: readonly string[];
  /** Nodes that have to come first, by name. */
  readonly after: readonly string[];
  readonly #attributes: Json;

  constructor(name: string, op: string, inputs: readonly string[], attributes: Json) {
    this.name = name;
    this.op = op;
    this.inputs = inputs.filter((input) => !input.startsWith("^")).map(readReference);
    this.after = inputs.map((input) => nodeOf(input.replace(/^\^/, "")));
    this.#attributes = attributes;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#attributes, name);
  }

  integer(name: string, otherwise: number): number {
    const { i } = this.#attribute(name);
    return i === undefined ? otherwise : this.#integer(name, i);
  }

  integers(name: string): number[] {
    const { list } = this.#attribute(name);
    const { i = [] } = membersOf(list);
    if (!Array.isArray(i)) throw this.#wrong(name);
    return i.map((value) => this.#integer(name, value));
  }

  /** A list of positive integers, of `count` elements. */
  sizes(name: string, count: number, otherwise: readonly number[]): readonly number[] {
    if (!this.has(name)) return otherwise;
    const sizes = this.integers(name);
    if (sizes.length !== count || !sizes.every((size) => size > 0)) throw this.#wrong(name);
    return sizes;
  }

  real(name: string, otherwise: number): number {
    const { f } = this.#attribute(name);
    if (f === undefined) return otherwise;
    const value = Number(f);
    if (!Number.isFinite(value)) throw this.#wrong(name);
    return value;
  }

  boolean(name: string): boolean {
    const { b = false } = this.#attribute(name);
    if (typeof b !== "boolean") throw this.#wrong(name);
    return b;
  }

  text(name: string, otherwise: string): string {
    const { s } = this.#attribute(name);
    return s === undefined ? otherwise : this.#text(name, s);
  }

  texts(name: string): string[] {
    const { list } = this.#attribute(name);
    const { s = [] } = membersOf(list);
    if (!Array.isArray(s)) throw this.#wrong(name);
    return s.map((value) => this.#text(name, value));
  }

  type(name: string, otherwise: DataType): DataType {
    if (!this.has(name)) return otherwise;
    const key = String(this.#attribute(name).type);
    if (Object.hasOwn(DATA_TYPES, key)) return DATA_TYPES[key]!;
    throw unsupported(this.op, this.name, `element type ${key}`);
  }

  /** Sizes of an input; -1 where any size may come. */
  shape(): number[] {
    const { dim, unknownRank } = membersOf(this.#attribute("shape").shape);
    if (unknownRank === true || (!Array.isArray(dim) && !this.has("shape"))) {
      throw malformed(`input ${this.name} has no shape`);
    }
    const sizes = Array.isArray(dim) ? dim.map((each) => this.#integer("shape", membersOf(each).size)) : [];
    if (!sizes.every((size) => size === -1 || size > 0) || sizes.length > 8) {
      throw malformed(`input ${this.name} has shape [${sizes.slice(0, 8).join(", ")}]`);
    }
    return sizes;
  }

  #attribute(name: string): Json {
    if (!this.has(name)) return {};
    const value = this.#attributes[name];
    if (!isObject(value)) throw this.#wrong(name);
    return value;
  }

  #integer(name: string, value: unknown): number {
    const integer = typeof value === "string" && value !== "" ? Number(value) : value;
    if (typeof integer !== "number" || !Number.isSafeInteger(integer)) throw this.#wrong(name);
    return integer;
  }

  /** Base64, or a list of bytes as older converters wrote it. */
  #text(name: string, value: unknown): string {
    if (Array.isArray(value) && value.length < 100 && value.every((byte) => Number.isInteger(byte))) {
      return String.fromCharCode(...value);
    }
    try {
      if (typeof value === "string") return atob(value);
    } catch {
      // Not base64: the same fault as another type.
    }
    throw this.#wrong(name);
  }

  #wrong(name: string) {
    return malformed(`attribute ${name} of ${this.op} (node ${this.name})`);
  }
}

/** `name:0` is the value `name`; other outputs keep their number. */
function readReference(input: string): string {
  return input.replace(/:0$/, "");
}

/** The node that makes a value. */
export function nodeOf(value: string): string {
  return value.replace(/:\d+$/, "");
}

/**
 * The nodes of a graph model, each after those that it reads.
 * Throws ModelError: model_malformed, model_too_large.
 */
export function readTopology(model: unknown): TfjsNode[] {
  const { format, modelTopology } = membersOf(model);
  // Converters before 1.3 wrote no format.
  if (format !== "graph-model" && format !== undefined) {
    throw malformed(`format is ${JSON.stringify(format)}, want "graph-model"`);
  }
  const { node: list, library } = membersOf(modelTopology);
  if (!Array.isArray(list)) throw malformed("modelTopology.node is not a list");
  const { function: functions } = membersOf(library);
  if (Array.isArray(functions) && functions.length > 0) {
    throw unsupported("FunctionDef", "library", "functions inside a graph");
  }
  checkNodeCount(list.length);
  const nodes = list.map(readNode);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  if (byName.size !== nodes.length) throw malformed("two nodes have the same name");
  return sortTopologically(nodes, byName);
}

function readNode(value: unknown): TfjsNode {
  const { name, op, input = [], attr = {} } = membersOf(value);
  if (typeof name !== "string" || name === "" || typeof op !== "string") {
    throw malformed("a node lacks name or op");
  }
  if (!isStringList(input)) throw malformed(`inputs of ${name}`);
  if (!isObject(attr)) throw malformed(`attributes of ${name}`);
  return new TfjsNode(name, op, input, attr);
}

function sortTopologically(nodes: readonly TfjsNode[], byName: ReadonlyMap<string, TfjsNode>): TfjsNode[] {
  const sorted: TfjsNode[] = [];
  const state = new Map<TfjsNode, "open" | "done">();
  for (const root of nodes) {
    if (state.has(root)) continue;
    // An explicit stack: the depth of a hostile graph must not become the depth of ours.
    const stack = [{ node: root, next: 0 }];
    state.set(root, "open");
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.node.after[top.next++];
      if (name === undefined) {
        state.set(top.node, "done");
        sorted.push(top.node);
        stack.pop();
        continue;
      }
      const source = byName.get(name);
      if (source === undefined) throw malformed(`${top.node.name} reads ${name}, which does not exist`);
      if (state.get(source) === "open") throw malformed(`the graph has a cycle through ${name}`);
      if (state.has(source)) continue;
      state.set(source, "open");
      stack.push({ node: source, next: 0 });
    }
  }
  return sorted;
}
