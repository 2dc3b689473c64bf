// One node of a TF.js graph while it is translated: its operands by their resolved names, and the nodes it becomes.
import type { ModelError } from "../../errors.ts";
import type { Attribute, Constant, DataType } from "../../graph.ts";
import { float32, type GraphBuilder, int32, int64s } from "./builder.ts";
import { unsupported } from "./source.ts";
import type { TfjsNode } from "./topology.ts";
import { integersOf, type Type } from "./types.ts";

/** What a node becomes: the value of its only output, or of each. Throws ModelError. */
export type Translate = (node: Translation) => string | readonly string[];
export type TranslationTable = Readonly<Record<string, Translate>>;

export class Translation {
  readonly node: TfjsNode;
  readonly builder: GraphBuilder;

  constructor(node: TfjsNode, builder: GraphBuilder) {
    this.node = node;
    this.builder = builder;
  }

  get count(): number {
    return this.node.inputs.length;
  }

  input(index: number): string {
    const name = this.node.inputs[index];
    if (name === undefined) throw this.refuse(`input ${index} is missing`);
    return this.builder.resolve(name);
  }

  inputs(): string[] {
    return this.node.inputs.map((name) => this.builder.resolve(name));
  }

  emit(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.builder.emit(this.node.name, op, inputs, attributes);
  }

  emitMany(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
  ): string[] {
    return this.builder.emitMany(this.node.name, op, inputs, attributes, count);
  }

  constant(constant: Constant): string {
    return this.builder.addConstant(this.node.name, constant);
  }

  int64s(values: readonly number[]): string {
    return this.constant(int64s(values));
  }

  /** A scalar of the element type of `like`. */
  scalar(value: number, like: string): string {
    const dtype = this.type(like).dtype;
    if (dtype === "f32") return this.constant(float32(value));
    if (dtype === "i32") return this.constant(int32(value));
    throw this.refuse(`arithmetic on ${dtype}`);
  }

  type(name: string): Type {
    return this.builder.type(name);
  }

  /** Throws ModelError op_unsupported where it is not known. */
  rank(name: string): number {
    const rank = this.builder.rank(name);
    if (rank === undefined) throw this.refuse(`the number of dimensions of ${name} is not known`);
    return rank;
  }

  /** Integers of an input that has to be constant. */
  integers(index: number, what: string): number[] {
    const integers = this.knownIntegers(index);
    if (integers === null) throw this.refuse(`${what} that are computed`);
    return integers;
  }

  /** Integers of an input, or null where they are computed. */
  knownIntegers(index: number): number[] | null {
    return integersOf(this.builder.constant(this.input(index)));
  }

  integer(index: number, what: string): number {
    const [value, ...others] = this.integers(index, what);
    if (value === undefined || others.length > 0) throw this.refuse(`${what} [${others}], want one`);
    return value;
  }

  cast(value: string, to: DataType): string {
    return this.type(value).dtype === to ? value : this.emit("Cast", [value], { to });
  }

  /** Integers as ONNX wants sizes, axes and bounds: a vector of i64. */
  vector(value: string): string {
    const constant = this.builder.constant(value);
    const integers = integersOf(constant);
    if (integers !== null) return this.int64s(integers);
    const wide = this.cast(value, "i64");
    return this.rank(value) === 0 ? this.unsqueeze(wide, [0]) : wide;
  }

  transpose(value: string, order: readonly number[]): string {
    return this.emit("Transpose", [value], { perm: order });
  }

  unsqueeze(value: string, axes: readonly number[]): string {
    return this.emit("Unsqueeze", [value, this.int64s(axes)]);
  }

  squeeze(value: string, axes: readonly number[]): string {
    return this.emit("Squeeze", [value, this.int64s(axes)]);
  }

  refuse(reason: string): ModelError {
    return unsupported(this.node.op, this.node.name, reason);
  }
}
