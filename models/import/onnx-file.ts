// Decodes an ONNX file (ModelProto of onnx.proto) into plain objects. What they mean is checked by onnx.ts.
// attacker-controlled: a model file comes from a stranger; everything that repeats has a limit.
import { ModelError } from "../errors.ts";
import type { Constant, DataType, NamedDimension } from "../graph.ts";
import { type ExternalData, readTensor, TensorContext } from "./onnx-tensor.ts";
import { holderOf, readType } from "./onnx-types.ts";
import { decodeText, Fields, malformed } from "./protobuf.ts";

/** The limit of protobuf is 2 GiB; no isolate could serve a quarter of it. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const MAX_NODES = 100_000;
/** Names, attributes, entries of their lists, inputs, initializers: everything else that repeats, together. */
const MAX_ITEMS = 4_000_000;
const MAX_SUBGRAPH_DEPTH = 8;
/** Of one node; no operator has thirty. */
const MAX_ATTRIBUTES = 256;

export interface OnnxModel {
  /** Version by domain. "ai.onnx" is spelled "". */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly { readonly name: string; readonly constant: Constant }[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly string[];
}

/** A graph input as it is declared; null where the file says nothing. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: DataType | null;
  readonly shape: readonly NamedDimension[] | null;
}

export interface OnnxNode {
  readonly name: string;
  readonly domain: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Constant
  | OnnxGraph
  | AttributeReference;

/** Within a function: the attribute of its caller. */
export interface AttributeReference {
  readonly reference: string;
}

export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly opsets: ReadonlyMap<string, number>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Values that attributes have where a caller gives none. */
  readonly defaults: ReadonlyMap<string, OnnxAttribute>;
  readonly nodes: readonly OnnxNode[];
}

/** Throws ModelError: model_malformed, model_too_large, weights_invalid, source_missing, op_unsupported. */
export function decodeModel(bytes: Uint8Array, external: ExternalData): OnnxModel {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new ModelError(
      "model_too_large",
      `the file has ${bytes.length} bytes, the limit is ${MAX_FILE_BYTES}`,
    );
  }
  const decoder = new Decoder(external);
  const opsets = new Map<string, number>();
  const functions: OnnxFunction[] = [];
  let graph: OnnxGraph | null = null;
  const fields = new Fields(bytes);
  for (let field = fields.next(); field !== 0; field = fields.next()) {
    if (field === 7) graph = decoder.graph(fields.bytes(), 0);
    else if (field === 8) decoder.opset(fields.bytes(), opsets);
    else if (field === 25) functions.push(decoder.function(fields.bytes()));
  }
  if (graph === null) throw malformed("it has no graph");
  if (opsets.size === 0) throw malformed("it imports no operator set");
  return { opsets, graph, functions };
}

class Decoder {
  readonly #tensors: TensorContext;
  #nodes = 0;
  #items = 0;

  constructor(external: ExternalData) {
    this.#tensors = new TensorContext(external, false);
  }

  graph(bytes: Uint8Array, depth: number): OnnxGraph {
    if (depth > MAX_SUBGRAPH_DEPTH) {
      throw new ModelError("model_too_large", `graphs are nested deeper than ${MAX_SUBGRAPH_DEPTH} levels`);
    }
    const nodes: OnnxNode[] = [];
    const initializers: { name: string; constant: Constant }[] = [];
    const inputs: OnnxValue[] = [];
    const outputs: string[] = [];
    const fields = new Fields(bytes);
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      if (field === 1) nodes.push(this.#node(fields.bytes(), depth));
      else if (field === 5) {
        this.#count();
        initializers.push(readTensor(fields.bytes(), this.#tensors, ""));
      } else if (field === 11) inputs.push(this.#value(fields.bytes()));
      else if (field === 12) outputs.push(this.#valueName(fields.bytes()));
      else if (field === 15) {
        throw new ModelError("op_unsupported", "a sparse initializer is not supported");
      }
    }
    return { nodes, initializers, inputs, outputs };
  }

  #node(bytes: Uint8Array, depth: number): OnnxNode {
    if (++this.#nodes > MAX_NODES) {
      throw new ModelError("model_too_large", `the model has more than ${MAX_NODES} nodes`);
    }
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes = new Map<string, OnnxAttribute>();
    const pending: Uint8Array[] = [];
    let [name, op, domain] = ["", "", ""];
    const fields = new Fields(bytes);
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      if (field === 1) inputs.push(this.#name(fields));
      else if (field === 2) outputs.push(this.#name(fields));
      else if (field === 3) name = fields.text();
      else if (field === 4) op = fields.text();
      else if (field === 5) pending.push(fields.bytes());
      else if (field === 7) domain = readDomain(fields);
    }
    if (op === "") throw malformed(`node ${JSON.stringify(name)} has no operator`);
    if (pending.length > MAX_ATTRIBUTES)
      throw new ModelError("model_too_large", `node ${name} has more than ${MAX_ATTRIBUTES} attributes`);
    // Last, so that an error can name the node, wherever its attributes stand.
    const owner = `${op} (node ${name === "" ? (outputs[0] ?? "") : name})`;
    for (const attribute of pending) this.#attribute(attribute, attributes, owner, depth);
    return { name, domain, op, inputs, outputs, attributes };
  }

  #attribute(bytes: Uint8Array, attributes: Map<string, OnnxAttribute>, owner: string, depth: number): void {
    this.#count();
    let name = "";
    let value: OnnxAttribute | null = null;
    let type = 0;
    const numbers: number[] = [];
    const texts: string[] = [];
    const found = new Set<number>();
    const fields = new Fields(bytes);
    const push = <T>(list: T[], entry: T) => {
      this.#count();
      list.push(entry);
    };
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      found.add(field);
      if (field === 1) name = fields.text();
      else if (field === 20) type = fields.int32();
      else if (field === 21) value = { reference: fields.text() };
      else if (field === 2) value = fields.float();
      else if (field === 3) value = fields.integer();
      else if (field === 4) value = decodeText(fields.bytes());
      else if (field === 5) value = readTensor(fields.bytes(), this.#tensors, `${name} of ${owner}`).constant;
      else if (field === 6) value = this.graph(fields.bytes(), depth + 1);
      else if (field === 7) fields.each(() => push(numbers, fields.float()));
      else if (field === 8) fields.each(() => push(numbers, fields.integer()));
      else if (field === 9) push(texts, decodeText(fields.bytes()));
    }
    const unreadable = [10, 11, 14, 15, 22, 23].find((field) => found.has(field));
    if (unreadable !== undefined || type > 8) {
      throw new ModelError(
        "op_unsupported",
        `${owner}: attribute ${name} holds ${KINDS[unreadable ?? 0] ?? `values of kind ${type}`}, which is not supported`,
      );
    }
    // An empty list leaves no field behind, and a scalar of its default need not: then only the type tells.
    if (found.has(9) || type === 8) value = texts;
    else if (found.has(7) || found.has(8) || type === 6 || type === 7) value = numbers;
    else if (value === null) value = type === 3 ? "" : type === 1 || type === 2 ? 0 : null;
    if (name === "" || value === null) throw malformed(`${owner} has an attribute without a name or a value`);
    if (isNotNumber(value)) throw malformed(`${owner}: attribute ${name} is not a number`);
    if (attributes.has(name)) throw malformed(`${owner} has two attributes ${name}`);
    attributes.set(name, value);
  }

  /** A ValueInfoProto. Throws ModelError op_unsupported where its type is no tensor. */
  #value(bytes: Uint8Array): OnnxValue {
    this.#count();
    let name = "";
    let type: Uint8Array | null = null;
    const fields = new Fields(bytes);
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      if (field === 1) name = fields.text();
      else if (field === 2) type = fields.bytes();
    }
    if (type === null) return { name, dtype: null, shape: null };
    const types = new Fields(type);
    for (let field = types.next(); field !== 0; field = types.next()) {
      if (field === 1) return { name, ...this.#tensorType(types.bytes(), name) };
      if (field !== 6) {
        throw new ModelError("op_unsupported", `input ${name} is no tensor; only tensors are supported`);
      }
    }
    return { name, dtype: null, shape: null };
  }

  /** Outputs are what their nodes make them: what is declared of them is not read. */
  #valueName(bytes: Uint8Array): string {
    this.#count();
    let name = "";
    const fields = new Fields(bytes);
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      if (field === 1) name = fields.text();
    }
    return name;
  }

  #tensorType(
    bytes: Uint8Array,
    input: string,
  ): { dtype: DataType; shape: readonly NamedDimension[] | null } {
    let type = 0;
    let shape: NamedDimension[] | null = null;
    const fields = new Fields(bytes);
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      if (field === 1) type = fields.int32();
      else if (field === 2) {
        shape = [];
        const dimensions = new Fields(fields.bytes());
        for (let inner = dimensions.next(); inner !== 0; inner = dimensions.next()) {
          this.#count();
          if (inner === 1) shape.push(this.#dimension(dimensions.bytes(), `${input}:${shape.length}`));
        }
      }
    }
    return { dtype: holderOf(readType(type, `input ${input}`)), shape };
  }

  /** `anonymous` is what a dimension is called that the file neither sizes nor names. */
  #dimension(bytes: Uint8Array, anonymous: string): NamedDimension {
    let result: NamedDimension = anonymous;
    const fields = new Fields(bytes);
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      if (field === 1) {
        const size = fields.integer();
        if (size > Number.MAX_SAFE_INTEGER) throw malformed(`a dimension is ${size}`);
        result = size < 0 ? anonymous : size;
      } else if (field === 2) {
        const name = fields.text();
        result = name === "" || name === "?" ? anonymous : name;
      }
    }
    return result;
  }

  /** An OperatorSetIdProto. */
  opset(bytes: Uint8Array, opsets: Map<string, number>): void {
    this.#count();
    let domain = "";
    let version = 0;
    const fields = new Fields(bytes);
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      if (field === 1) domain = readDomain(fields);
      else if (field === 2) version = fields.integer();
    }
    if (opsets.has(domain)) throw malformed(`it imports operator set ${JSON.stringify(domain)} twice`);
    opsets.set(domain, version);
  }

  function(bytes: Uint8Array): OnnxFunction {
    let [name, domain] = ["", ""];
    const opsets = new Map<string, number>();
    const inputs: string[] = [];
    const outputs: string[] = [];
    const defaults = new Map<string, OnnxAttribute>();
    const nodes: OnnxNode[] = [];
    const fields = new Fields(bytes);
    for (let field = fields.next(); field !== 0; field = fields.next()) {
      if (field === 1) name = fields.text();
      else if (field === 4) inputs.push(this.#name(fields));
      else if (field === 5) outputs.push(this.#name(fields));
      else if (field === 7) nodes.push(this.#node(fields.bytes(), 0));
      else if (field === 9) this.opset(fields.bytes(), opsets);
      else if (field === 10) domain = readDomain(fields);
      else if (field === 11) this.#attribute(fields.bytes(), defaults, `function ${name}`, 0);
    }
    return { name, domain, opsets, inputs, outputs, defaults, nodes };
  }

  #name(fields: Fields): string {
    this.#count();
    return fields.text();
  }

  #count(): void {
    if (++this.#items <= MAX_ITEMS) return;
    throw new ModelError("model_too_large", `the model has more than ${MAX_ITEMS} names and list entries`);
  }
}

/** The fields of AttributeProto that are refused, and the kinds of value that stand there. */
const KINDS: Readonly<Record<number, string>> = {
  10: "several tensors",
  11: "several graphs",
  14: "a type",
  15: "several types",
  22: "a sparse tensor",
  23: "several sparse tensors",
};

function readDomain(fields: Fields): string {
  const domain = fields.text();
  return domain === "ai.onnx" ? "" : domain;
}

function isNotNumber(value: OnnxAttribute): boolean {
  return Array.isArray(value) ? value.some(Number.isNaN) : Number.isNaN(value);
}
