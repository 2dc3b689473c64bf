// Collects the graph that a reader makes: nodes in order, constants, and what is known of each value's type.
import { ModelError } from "../../errors.ts";
import type { Attribute, Constant, DataType, Graph, GraphInput, NamedDimension, Node } from "../../graph.ts";
import { type Size, sizeOf } from "./size.ts";
import { malformed } from "./source.ts";
import { integersOf, type Type, type TypeSource, typesOf } from "./types.ts";

/** Translations add at most a few nodes to each of the file's; this stops those that would multiply. */
const MAX_GRAPH_NODES = 1_000_000;

export function int64s(values: readonly number[]): Constant {
  return { dtype: "i64", shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

export function int32(value: number): Constant {
  return { dtype: "i32", shape: [], data: Int32Array.of(value) };
}

export function float32(value: number): Constant {
  return { dtype: "f32", shape: [], data: Float32Array.of(value) };
}

export class GraphBuilder implements TypeSource {
  readonly inputs: GraphInput[] = [];
  readonly #nodes: Node[] = [];
  readonly #constants: Map<string, Constant>;
  readonly #types = new Map<string, Type>();
  readonly #sizes = new Map<string, readonly Size[]>();
  /** Values that are another value under a second name. */
  readonly #aliases = new Map<string, string>();
  readonly #used: Set<string>;
  /** Values that have no name out of the file yet. */
  readonly #unnamed = new Set<string>();
  /** New constants by what they hold, so that each is there once. */
  readonly #known = new Map<string, string>();
  /** How often a name was asked for, so that many nodes of one name do not take time squared. */
  readonly #counts = new Map<string, number>();

  /** `reserved` are names that the file itself gives. */
  constructor(constants: ReadonlyMap<string, Constant>, reserved: Iterable<string>) {
    this.#constants = new Map(constants);
    this.#used = new Set([...constants.keys(), ...reserved]);
  }

  addInput(name: string, dtype: DataType, shape: readonly NamedDimension[]): void {
    this.inputs.push({ name, dtype, shape });
    this.#types.set(name, { dtype, shape: shape.map(sizeOf) });
  }

  alias(name: string, value: string): void {
    if (name !== value) this.#aliases.set(name, value);
  }

  /** The value that a name means. Throws ModelError model_malformed if there is none. */
  resolve(name: string): string {
    const value = this.#aliases.get(name) ?? name;
    if (!this.#types.has(value) && !this.#constants.has(value)) {
      throw malformed(`${name} is read, but nothing makes it`);
    }
    return value;
  }

  constant(name: string): Constant | undefined {
    return this.#constants.get(name);
  }

  type(name: string): Type {
    const constant = this.#constants.get(name);
    return constant ?? this.#types.get(name) ?? { dtype: "f32", shape: null };
  }

  rank(name: string): number | undefined {
    return this.type(name).shape?.length;
  }

  sizes(name: string): readonly Size[] | null {
    return integersOf(this.#constants.get(name)) ?? this.#sizes.get(name) ?? null;
  }

  /** Says what the elements of a vector are that was put together of some that are known. */
  setSizes(name: string, sizes: readonly Size[]): void {
    this.#sizes.set(name, sizes);
  }

  addConstant(near: string, constant: Constant): string {
    const small = constant.data.length <= 16;
    const key = small
      ? `${constant.dtype} ${constant.shape.join()} ${Array.from(constant.data as ArrayLike<number | bigint>, (v) => (Object.is(v, -0) ? "-0" : String(v))).join()}`
      : "";
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = this.#fresh(`${near}/constant`);
    this.#constants.set(name, constant);
    if (small) this.#known.set(key, name);
    return name;
  }

  /** Another form of a constant, made once for all its readers. */
  derive(name: string, form: string, make: (constant: Constant) => Constant): string {
    const constant = this.#constants.get(name);
    if (constant === undefined) throw new RangeError(`${name} is no constant`);
    const key = `form ${form} ${name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const derived = this.#fresh(`${name}/${form}`);
    this.#constants.set(derived, make(constant));
    this.#known.set(key, derived);
    return derived;
  }

  /** Adds a node of one output and returns the value's name. */
  emit(
    near: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.emitMany(near, op, inputs, attributes, 1)[0]!;
  }

  emitMany(
    near: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
  ): string[] {
    if (this.#nodes.length >= MAX_GRAPH_NODES) {
      throw new ModelError("model_too_large", `the graph has more than ${MAX_GRAPH_NODES} nodes`);
    }
    const name = this.#fresh(`${near}/${op}`);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? name : this.#fresh(`${name}:${i}`)));
    const node = { name, domain: "", op, inputs, outputs, attributes: new Map(Object.entries(attributes)) };
    const types = typesOf(node, this);
    for (const [i, output] of outputs.entries()) {
      this.#types.set(output, types[i]!);
      this.#unnamed.add(output);
    }
    this.#nodes.push(node);
    return outputs;
  }

  /** Makes `name` mean `value`: the value itself takes that name where it can. */
  nameLast(name: string, value: string): void {
    this.alias(name, this.rename(value, name));
  }

  /** Gives what the last node made its name, unless it has one out of the file or the name is taken. Returns its name. */
  rename(value: string, name: string): string {
    const last = this.#nodes.at(-1);
    if (last?.outputs.length !== 1 || last.outputs[0] !== value || this.#types.has(name)) return value;
    if (!this.#unnamed.delete(value)) return value;
    this.#nodes[this.#nodes.length - 1] = { ...last, name, outputs: [name] };
    this.#types.set(name, this.type(value));
    this.#types.delete(value);
    return name;
  }

  /** The graph of what the outputs need. An output that would be another value under its name gets an Identity. */
  finish(outputs: readonly string[]): Graph {
    const names = outputs.map((output) => {
      const value = this.resolve(output);
      if (value === output && this.#constants.get(output) === undefined) return output;
      const made = this.emit(output, "Identity", [value]);
      if (this.#constants.has(output)) return made;
      this.#aliases.delete(output);
      this.nameLast(output, made);
      return output;
    });
    const needed = new Set(names);
    const nodes = this.#nodes.toReversed().filter((node) => {
      if (!node.outputs.some((output) => needed.has(output))) return false;
      for (const input of node.inputs) needed.add(input);
      return true;
    });
    const constants = [...this.#constants].filter(([name]) => needed.has(name));
    return { inputs: this.inputs, outputs: names, nodes: nodes.reverse(), constants: new Map(constants) };
  }

  #fresh(near: string): string {
    let count = this.#counts.get(near) ?? 0;
    let name = near;
    while (this.#used.has(name)) name = `${near}_${++count}`;
    this.#counts.set(near, count);
    this.#used.add(name);
    return name;
  }
}
