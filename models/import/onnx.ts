// Reads an ONNX file into the graph: form, names and order are checked, older operator sets are translated.
// attacker-controlled: a model file comes from a stranger; its depth and cycles must not become ours.
import type { Attribute, Constant, Graph, GraphInput, Node } from "../graph.ts";
import { Names } from "../names.ts";
import { keepRead } from "../reads.ts";
import { constantOfNode } from "./onnx-constant.ts";
import { decodeModel, type OnnxValue } from "./onnx-file.ts";
import {
  inlineFunctions,
  type VersionedAttribute,
  type VersionedGraph,
  type VersionedNode,
} from "./onnx-functions.ts";
import type { ExternalData } from "./onnx-tensor.ts";
import { translateNode } from "./onnx-versions.ts";
import { sortTopologically } from "./order.ts";
import { malformed } from "./protobuf.ts";
import { rankOf } from "./rank.ts";
import { type Translation, unsupported } from "./translation.ts";

export interface OnnxOptions {
  /** The files beside the model that its tensors refer to. */
  readonly external?: ExternalData;
}

/**
 * The graph of an ONNX model. Initializers that are inputs too are constants.
 * Throws ModelError: model_malformed, model_too_large, weights_invalid (naming the tensor), source_missing (a file beside
 * the model), op_unsupported (naming operator, node or type).
 */
export function readOnnx(bytes: Uint8Array, options: OnnxOptions = {}): Graph {
  const model = decodeModel(bytes, options.external ?? new Map());
  return new Reader(null).read(inlineFunctions(model));
}

/** Reads one graph; the graphs in its attributes have readers of their own, which see its values. */
class Reader implements Translation {
  readonly #outer: Reader | null;
  readonly #names: Names;
  readonly #nodeNames = new Names();
  readonly #constants = new Map<string, Constant>();
  readonly #ranks = new Map<string, number>();
  readonly #nodes: Node[] = [];

  constructor(outer: Reader | null) {
    this.#outer = outer;
    this.#names = new Names([], outer === null ? null : outer.#names);
  }

  read(graph: VersionedGraph): Graph {
    for (const { name, constant } of graph.initializers) {
      this.#define(name);
      this.#constants.set(name, constant);
    }
    const inputs = graph.inputs
      .filter(({ name }) => !this.#constants.has(name))
      .map((input) => this.#input(input));
    for (const node of graph.nodes) {
      for (const name of node.outputs) if (name !== "") this.#define(name);
    }
    const reads = graph.nodes.map(readsOf);
    for (const name of [...reads.flat(), ...graph.outputs]) this.#require(name);
    const makes = graph.nodes.map(({ outputs }) => outputs.filter((name) => name !== ""));
    for (const index of sortTopologically(reads, makes)) this.#node(graph.nodes[index]!);
    const result = { inputs, outputs: graph.outputs, nodes: this.#nodes, constants: this.#constants };
    checkComplete(result, this.#outer);
    return { ...result, constants: keepRead(result) };
  }

  constant(name: string): Constant | undefined {
    return this.#constants.get(name) ?? this.#outer?.constant(name);
  }

  rank(name: string): number | undefined {
    return this.#ranks.get(name) ?? this.constant(name)?.shape.length ?? this.#outer?.rank(name);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  fresh(near: string): string {
    return this.#names.fresh(near);
  }

  addConstant(near: string, constant: Constant): string {
    const name = this.fresh(near);
    this.#constants.set(name, constant);
    return name;
  }

  #define(name: string): void {
    if (name === "") throw malformed("a value has no name");
    if (this.has(name)) throw malformed(`two values are called ${name}`);
    this.#names.add(name);
  }

  #require(name: string): void {
    if (!this.has(name)) throw malformed(`${name} is read, and nothing makes it`);
  }

  /**
   * In a graph within a node, inputs are what the node hands over, and exporters often do not declare them: then type
   * and shape mean nothing here, and no rank is believed.
   */
  #input({ name, dtype, shape }: OnnxValue): GraphInput {
    this.#define(name);
    if (shape !== null) this.#ranks.set(name, shape.length);
    if (this.#outer !== null) return { name, dtype: dtype ?? "f32", shape: shape ?? [] };
    if (dtype === null || shape === null) throw malformed(`input ${name} is declared without type and shape`);
    return { name, dtype, shape };
  }

  #node(found: VersionedNode): void {
    const name = this.#nameOf(found);
    if (found.op === "Constant" && found.domain === "") {
      this.#constants.set(found.outputs[0] ?? "", constantOfNode(found.attributes, name));
      return;
    }
    const { domain, op, inputs, outputs, version } = found;
    const attributes = new Map<string, Attribute>();
    for (const [key, value] of found.attributes) {
      attributes.set(key, isGraph(value) ? new Reader(this).read(value) : value);
    }
    const node: Node = { name, domain, op, inputs, outputs, attributes };
    for (const translated of translateNode(node, version, this)) {
      this.#nodes.push(translated);
      const rank = rankOf(translated, this);
      if (rank === undefined) continue;
      for (const output of translated.outputs) this.#ranks.set(output, rank);
    }
  }

  /** Unlike names of values, names of nodes repeat in files that others read too. */
  #nameOf({ name, op, outputs }: VersionedNode): string {
    return this.#nodeNames.fresh(name === "" ? `${op}:${outputs[0] ?? ""}` : name);
  }
}

function isGraph(value: VersionedAttribute): value is VersionedGraph {
  return typeof value === "object" && "nodes" in value;
}

/** The values that a node reads, those of the graphs in its attributes included. */
function readsOf(node: VersionedNode): string[] {
  const names = new Set(node.inputs.filter((name) => name !== ""));
  for (const value of node.attributes.values())
    if (isGraph(value)) for (const name of captures(value)) names.add(name);
  return [...names];
}

/** What a graph reads and does not make itself. */
function captures(graph: VersionedGraph): Set<string> {
  const read = new Set([...graph.nodes.flatMap(readsOf), ...graph.outputs]);
  const made = [...graph.inputs, ...graph.initializers].map(({ name }) => name);
  for (const name of [...made, ...graph.nodes.flatMap(({ outputs }) => outputs)]) read.delete(name);
  return read;
}

/** Translations drop outputs that only training makes: whoever reads one of them is refused here. */
function checkComplete(graph: Graph, outer: Reader | null): void {
  const made = new Set([...graph.inputs.map(({ name }) => name), ...graph.constants.keys()]);
  for (const node of graph.nodes) for (const name of node.outputs) made.add(name);
  for (const node of graph.nodes) {
    const missing = node.inputs.find((name) => name !== "" && !made.has(name) && !outer?.has(name));
    if (missing !== undefined) throw unsupported(node, `it reads ${missing}, which only training makes`);
  }
  const missing = graph.outputs.find((name) => !made.has(name) && !outer?.has(name));
  if (missing !== undefined) throw malformed(`output ${missing} is something that only training makes`);
}
