// One node while it is lowered: its inputs, attributes and outputs, and the errors that name it.
import { integersOf, realsOf } from "../constant.ts";
import { formatShape, type Size } from "../dimension.ts";
import { ModelError } from "../errors.ts";
import type { Constant, DataType, Graph, Node } from "../graph.ts";
import type { Value } from "../value.ts";
import type { Context } from "./context.ts";

/** What lowers one operator. Throws ModelError op_unsupported where it cannot. */
export type LowerNode = (node: Scope) => void;
export type LowerTable = Readonly<Record<string, LowerNode>>;

export class Scope {
  readonly context: Context;
  readonly #node: Node;

  constructor(context: Context, node: Node) {
    this.context = context;
    this.#node = node;
  }

  /** With its domain, where that is not ONNX itself. */
  get op(): string {
    return this.#node.domain === "" ? this.#node.op : `${this.#node.domain}.${this.#node.op}`;
  }

  get name(): string {
    return this.#node.name;
  }

  get inputCount(): number {
    return this.#node.inputs.length;
  }

  get outputCount(): number {
    return this.#node.outputs.length;
  }

  /** Throws ModelError op_unsupported if it is absent. */
  input(index: number): Value {
    return this.optional(index) ?? this.refuse(`input ${index} is missing`);
  }

  optional(index: number): Value | null {
    const name = this.#node.inputs[index] ?? "";
    return name === "" ? null : this.context.value(name);
  }

  inputs(): Value[] {
    return this.#node.inputs.map((_, index) => this.input(index));
  }

  wants(output: number): boolean {
    return (this.#node.outputs[output] ?? "") !== "";
  }

  /** The name that a tensor of this node gets. */
  outputName(output = 0): string {
    return this.#node.outputs[output] || this.#node.name;
  }

  /** Says what an output is. */
  set(output: number, value: Value): void {
    const name = this.#node.outputs[output] ?? "";
    if (name !== "") this.context.name(name, value);
  }

  /** A new tensor for an output, which the caller's operation writes. */
  create(output: number, dtype: DataType, shape: readonly Size[], order?: readonly number[]): number {
    const name = this.outputName(output);
    const tensor = this.context.createTensor(name, dtype, shape, order);
    this.set(output, this.context.placedValue(name, dtype, shape, tensor, order));
    return tensor;
  }

  /** A tensor between the operations that one node becomes. */
  temporary(dtype: DataType, shape: readonly Size[]): number {
    return this.context.createTensor(`${this.outputName()}:inner`, dtype, shape);
  }

  has(attribute: string): boolean {
    return this.#node.attributes.has(attribute);
  }

  number(attribute: string, fallback?: number): number {
    const value = this.#node.attributes.get(attribute) ?? fallback;
    return typeof value === "number" ? value : this.refuse(`attribute ${attribute} is not a number`);
  }

  /** A whole number of at least 1. */
  count(attribute: string, fallback?: number): number {
    const value = this.number(attribute, fallback);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    return this.refuse(`${attribute} is ${value}; it must be a whole number of at least 1`);
  }

  numbers(attribute: string, fallback?: readonly number[]): readonly number[] {
    const value = this.#node.attributes.get(attribute) ?? fallback;
    if (!Array.isArray(value) || !value.every((item) => typeof item === "number"))
      return this.refuse(`attribute ${attribute} is not a list of numbers`);
    return value;
  }

  text(attribute: string, fallback?: string): string {
    const value = this.#node.attributes.get(attribute) ?? fallback;
    return typeof value === "string" ? value : this.refuse(`attribute ${attribute} is not a text`);
  }

  /** The place in `list` of an attribute that names one of its entries. */
  code<const L extends readonly string[]>(attribute: string, fallback: L[number], list: L): number {
    const name = this.text(attribute, fallback);
    const code = list.indexOf(name);
    return code >= 0 ? code : this.refuse(`${attribute} ${name}`);
  }

  texts(attribute: string, fallback: readonly string[]): readonly string[] {
    const value = this.#node.attributes.get(attribute) ?? fallback;
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
      return this.refuse(`attribute ${attribute} is not a list of texts`);
    return value;
  }

  tensor(attribute: string): Constant {
    const value = this.#node.attributes.get(attribute);
    if (typeof value !== "object" || !("data" in value))
      return this.refuse(`attribute ${attribute} is no tensor`);
    return value;
  }

  graph(attribute: string): Graph {
    const value = this.#node.attributes.get(attribute);
    if (typeof value !== "object" || !("nodes" in value))
      return this.refuse(`attribute ${attribute} is no graph`);
    return value;
  }

  /** From 0 to rank − 1; negative ones count from the end. */
  axis(value: number, rank: number): number {
    if (!Number.isInteger(value) || value < -rank || value >= rank)
      this.refuse(`axis ${value} of ${rank} dimensions`);
    return value < 0 ? value + rank : value;
  }

  /** As `axis` has them. Refuses repeats. */
  axes(values: readonly number[], rank: number): number[] {
    const axes = values.map((value) => this.axis(value, rank));
    if (new Set(axes).size !== axes.length) this.refuse(`axes [${values}] repeat`);
    return axes;
  }

  /** All elements of an input that has to be known while compiling. */
  constant(index: number): Constant {
    return (
      this.input(index).constant ?? this.refuse(`input ${index} (${this.input(index).name}) is computed`)
    );
  }

  /** Integers that are known while compiling, but for symbols. */
  sizes(index: number): readonly Size[] {
    const { constant, known, name } = this.input(index);
    const integers = known ?? (constant && integersOf(constant));
    return integers ?? this.refuse(`input ${index} (${name}) is computed or not of integers`);
  }

  /** Integers that are known while compiling. */
  integers(index: number): number[] {
    return this.sizes(index).map((size) =>
      typeof size === "number" ? size : this.refuse(`input ${index} depends on the sizes of a request`),
    );
  }

  /** One real number that is known while compiling. */
  real(index: number, fallback?: number): number {
    const value = this.optional(index);
    if (value === null) return fallback ?? this.refuse(`input ${index} is missing`);
    const reals = realsOf(this.constant(index));
    if (reals === null || reals.length !== 1) return this.refuse(`input ${index} is not one real number`);
    return reals[0]!;
  }

  /** Throws ModelError op_unsupported naming operator, node, reason and shapes. */
  refuse(reason: string): never {
    const shapes = this.#node.inputs
      .filter((input) => input !== "" && this.context.has(input))
      .map((input) => `${this.context.value(input).dtype} ${formatShape(this.context.value(input).shape)}`)
      .join(", ");
    throw new ModelError("op_unsupported", `${this.op} (node ${this.name}) of ${shapes}: ${reason}`);
  }
}
