// What the translation of one node from an older form may ask and make: constants, ranks as far as they are known,
// names for what it adds, and its attributes in the type that they should have.
import { ModelError } from "../errors.ts";
import type { Attribute, Constant, Node } from "../graph.ts";
import { malformed } from "./protobuf.ts";

export interface Translation {
  /** The constant of that name, here or in a graph around this one. */
  constant(name: string): Constant | undefined;
  /** The number of dimensions of a value, where it can be told without knowing sizes. */
  rank(name: string): number | undefined;
  /** A name for a new value or node, near that of another. */
  fresh(near: string): string;
  /** Keeps a new constant and returns its name. */
  addConstant(near: string, constant: Constant): string;
}

/** What a node becomes: itself, changed, after nodes that it needs. */
export type Translate = (node: Node, version: number, translation: Translation) => Node | readonly Node[];

export function int64s(values: readonly number[]): Constant {
  return { dtype: "i64", shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

export function float32s(values: readonly number[], shape: readonly number[] = [values.length]): Constant {
  return { dtype: "f32", shape, data: Float32Array.from(values) };
}

/** Throws ModelError op_unsupported. */
export function unsupported(node: Node, reason: string): ModelError {
  return new ModelError("op_unsupported", `${node.op} (node ${node.name}): ${reason}`);
}

/** The node with attributes set, or removed where the value is null. */
export function withAttributes(node: Node, changes: Readonly<Record<string, Attribute | null>>): Node {
  const attributes = new Map(node.attributes);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) attributes.delete(name);
    else attributes.set(name, value);
  }
  return { ...node, attributes };
}

/** The node with input `index` set; absent inputs before it become "". */
export function withInput(node: Node, index: number, name: string): Node {
  const inputs = Array.from(
    { length: Math.max(node.inputs.length, index + 1) },
    (_, i) => node.inputs[i] ?? "",
  );
  inputs[index] = name;
  return { ...node, inputs };
}

function wrongKind(node: Node, name: string, want: string): ModelError {
  return malformed(`${node.op} (node ${node.name}): attribute ${name} is no ${want}`);
}

/** Throws ModelError model_malformed, as do the two below. */
export function numberOf<T>(node: Node, name: string, otherwise: T): number | T {
  const value = node.attributes.get(name);
  if (value === undefined) return otherwise;
  if (typeof value !== "number") throw wrongKind(node, name, "number");
  return value;
}

export function numbersOf<T>(node: Node, name: string, otherwise: T): readonly number[] | T {
  const value = node.attributes.get(name);
  if (value === undefined) return otherwise;
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === "number")) {
    throw wrongKind(node, name, "list of numbers");
  }
  return value;
}

export function textOf<T>(node: Node, name: string, otherwise: T): string | T {
  const value = node.attributes.get(name);
  if (value === undefined) return otherwise;
  if (typeof value !== "string") throw wrongKind(node, name, "text");
  return value;
}

/** A list of integers, as inputs give it: BigInt(1.5) would throw what is no coded error. */
export function integersOf<T>(node: Node, name: string, otherwise: T): readonly number[] | T {
  const values = numbersOf(node, name, otherwise);
  if (Array.isArray(values) && !values.every(Number.isInteger))
    throw wrongKind(node, name, "list of integers");
  return values;
}
