// Puts the bodies of model-local functions in the place of their calls, and writes beside each node the version of the
// operator set that its file, or its function, was written for.
import { ModelError } from "../errors.ts";
import type { Constant } from "../graph.ts";
import type { OnnxAttribute, OnnxFunction, OnnxGraph, OnnxModel, OnnxNode, OnnxValue } from "./onnx-file.ts";
import { malformed } from "./protobuf.ts";

/** Calls within calls multiply: a small file could ask for any number of nodes and names. */
const MAX_NODES = 100_000;
const MAX_NAMES = 8_000_000;
const MAX_CALL_DEPTH = 8;
const MAX_OPSET = 23;

export interface VersionedGraph {
  readonly nodes: readonly VersionedNode[];
  readonly initializers: OnnxGraph["initializers"];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly string[];
}

export interface VersionedNode {
  readonly name: string;
  readonly domain: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, VersionedAttribute>;
  readonly version: number;
}

export type VersionedAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Constant
  | VersionedGraph;

/** Where a body stands: what its names and attributes mean there. */
interface Frame {
  readonly opsets: ReadonlyMap<string, number>;
  readonly rename: (name: string) => string;
  readonly attributes: ReadonlyMap<string, VersionedAttribute>;
  readonly prefix: string;
  readonly depth: number;
}

/** Throws ModelError: op_unsupported (a domain, a version, calls nested too deep), model_malformed, model_too_large. */
export function inlineFunctions(model: OnnxModel): VersionedGraph {
  const opset = model.opsets.get("");
  if (opset !== undefined) checkVersion("", opset);
  const frame = {
    opsets: model.opsets,
    rename: (name: string) => name,
    attributes: new Map(),
    prefix: "",
    depth: 0,
  };
  return new Inliner(model.functions).graph(model.graph, frame);
}

class Inliner {
  readonly #functions: ReadonlyMap<string, OnnxFunction>;
  #nodes = 0;
  #names = 0;
  #calls = 0;

  constructor(functions: readonly OnnxFunction[]) {
    this.#functions = new Map(functions.map((called) => [`${called.domain}:${called.name}`, called]));
    if (this.#functions.size !== functions.length) throw malformed("two functions have the same name");
  }

  graph(graph: OnnxGraph, frame: Frame): VersionedGraph {
    this.#count(0, graph.initializers.length + graph.inputs.length + graph.outputs.length);
    const renamed = <T extends { name: string }>(entry: T): T => ({
      ...entry,
      name: frame.rename(entry.name),
    });
    return {
      nodes: graph.nodes.flatMap((node) => this.#node(node, frame)),
      initializers: graph.initializers.map(renamed),
      inputs: graph.inputs.map(renamed),
      outputs: graph.outputs.map(frame.rename),
    };
  }

  #node(node: OnnxNode, frame: Frame): VersionedNode[] {
    this.#count(1, node.inputs.length + node.outputs.length + node.attributes.size);
    const placed = {
      ...node,
      name: node.name === "" ? "" : frame.prefix + node.name,
      inputs: node.inputs.map((name) => (name === "" ? "" : frame.rename(name))),
      outputs: node.outputs.map((name) => (name === "" ? "" : frame.rename(name))),
      attributes: this.#attributes(node.attributes, frame),
    };
    const called = this.#functions.get(`${node.domain}:${node.op}`);
    if (called !== undefined) return this.#call(called, placed, frame.depth);
    if (node.domain !== "" && node.domain !== "com.microsoft") {
      throw new ModelError(
        "op_unsupported",
        `${node.op} (node ${placed.name}) is of domain ${node.domain}, which is not supported`,
      );
    }
    const version = frame.opsets.get(node.domain);
    if (version === undefined) {
      throw malformed(`${node.op} (node ${placed.name}) is of an operator set that is not imported`);
    }
    checkVersion(node.domain, version);
    return [{ ...placed, version }];
  }

  #attributes(attributes: ReadonlyMap<string, OnnxAttribute>, frame: Frame): Map<string, VersionedAttribute> {
    const result = new Map<string, VersionedAttribute>();
    for (const [name, attribute] of attributes) {
      if (isReference(attribute)) {
        const value = frame.attributes.get(attribute.reference);
        if (value !== undefined) result.set(name, value);
      } else result.set(name, isGraph(attribute) ? this.graph(attribute, frame) : attribute);
    }
    return result;
  }

  #call(called: OnnxFunction, node: Omit<VersionedNode, "version">, depth: number): VersionedNode[] {
    const title = `function ${called.name} (node ${node.name})`;
    if (depth === MAX_CALL_DEPTH) {
      throw new ModelError(
        "op_unsupported",
        `${title}: calls are nested deeper than ${MAX_CALL_DEPTH} levels`,
      );
    }
    if (node.inputs.length > called.inputs.length || node.outputs.length > called.outputs.length) {
      throw malformed(`${title} is called with more inputs or outputs than it has`);
    }
    this.#count(0, called.inputs.length + called.outputs.length + called.defaults.size);
    const prefix = `${node.name === "" ? called.name : node.name}#${++this.#calls}/`;
    const names = new Map(called.inputs.map((name, index) => [name, node.inputs[index] ?? ""]));
    for (const [index, name] of called.outputs.entries()) {
      if (names.has(name))
        throw new ModelError("op_unsupported", `${title} returns its input ${name} as it is`);
      const given = node.outputs[index] ?? "";
      names.set(name, given === "" ? prefix + name : given);
    }
    const frame: Frame = {
      opsets: called.opsets,
      rename: (name) => names.get(name) ?? prefix + name,
      attributes: new Map([
        ...this.#attributes(called.defaults, { ...EMPTY_FRAME, opsets: called.opsets }),
        ...node.attributes,
      ]),
      prefix,
      depth: depth + 1,
    };
    return called.nodes.flatMap((inner) => this.#node(inner, frame));
  }

  #count(nodes: number, names: number): void {
    this.#nodes += nodes;
    this.#names += names;
    if (this.#nodes <= MAX_NODES && this.#names <= MAX_NAMES) return;
    throw new ModelError(
      "model_too_large",
      `with its functions the model has more than ${MAX_NODES} nodes or ${MAX_NAMES} names`,
    );
  }
}

const EMPTY_FRAME: Frame = {
  opsets: new Map(),
  rename: (name) => name,
  attributes: new Map(),
  prefix: "",
  depth: 0,
};

function checkVersion(domain: string, version: number): void {
  const newest = domain === "" ? MAX_OPSET : 1;
  if (version >= 1 && version <= newest) return;
  throw new ModelError(
    "op_unsupported",
    `the model is written for version ${version} of operator set ${domain === "" ? "ai.onnx" : domain}; versions 1 to ${newest} are supported`,
  );
}

function isReference(attribute: OnnxAttribute): attribute is { readonly reference: string } {
  return typeof attribute === "object" && "reference" in attribute;
}

function isGraph(attribute: OnnxAttribute): attribute is OnnxGraph {
  return typeof attribute === "object" && "nodes" in attribute;
}
