// One call of a Keras layer while it is translated: its configuration, its weights and what it is called on.
// attacker-controlled: the configuration is checked value by value, as it is asked for.
import type { ModelError } from "../../../errors.ts";
import type { Attribute, Constant } from "../../../graph.ts";
import { activate } from "../activations.ts";
import { type GraphBuilder, int64s } from "../builder.ts";
import { isObject, type Json, malformed, membersOf, unsupported } from "../source.ts";

/** The value that a layer's call is. Throws ModelError. */
export type TranslateLayer = (layer: Layer) => string;
export type LayerTable = Readonly<Record<string, TranslateLayer>>;

/** A layer as the file has it. */
export interface LayerEntry {
  readonly kind: string;
  readonly name: string;
  readonly config: Json;
}

/** Weights by layer and parameter; null where two have the same of both. */
export type LayerWeights = ReadonlyMap<string, string | null>;

export class Layer {
  readonly inputs: readonly string[];
  readonly #entry: LayerEntry;
  readonly #builder: GraphBuilder;
  readonly #weights: LayerWeights;

  constructor(entry: LayerEntry, inputs: readonly string[], builder: GraphBuilder, weights: LayerWeights) {
    this.#entry = entry;
    this.inputs = inputs;
    this.#builder = builder;
    this.#weights = weights;
  }

  /** The only input. */
  get input(): string {
    const [input, ...others] = this.inputs;
    if (input === undefined || others.length > 0) throw this.refuse(`${this.inputs.length} inputs, want one`);
    return input;
  }

  rank(value: string): number {
    const rank = this.#builder.rank(value);
    if (rank === undefined) throw this.refuse("a number of dimensions that is not known");
    return rank;
  }

  checkRank(rank: number): void {
    if (this.rank(this.input) !== rank)
      throw this.refuse(`${this.rank(this.input)} dimensions, want ${rank}`);
  }

  emit(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.#builder.emit(this.#entry.name, op, inputs, attributes);
  }

  constant(constant: Constant): string {
    return this.#builder.addConstant(this.#entry.name, constant);
  }

  int64s(values: readonly number[]): string {
    return this.constant(int64s(values));
  }

  transpose(value: string, order: readonly number[]): string {
    return this.emit("Transpose", [value], { perm: order });
  }

  /** The weight of that parameter, of `rank` dimensions. */
  weight(parameter: string, rank: number): { readonly name: string; readonly constant: Constant } {
    const name = this.#weights.get(`${this.#entry.name}|${parameter}`);
    if (name === null) throw malformed(`two weights are ${parameter} of ${this.#entry.name}`);
    const constant = name === undefined ? undefined : this.#builder.constant(name);
    if (name === undefined || constant === undefined) {
      throw malformed(`layer ${this.#entry.name} has no weight ${parameter}`);
    }
    if (constant.dtype !== "f32" || constant.shape.length !== rank || constant.shape.includes(0)) {
      throw malformed(`weight ${name} is ${constant.dtype} [${constant.shape.join(", ")}]`);
    }
    return { name, constant };
  }

  derive(name: string, form: string, make: (constant: Constant) => Constant): string {
    return this.#builder.derive(name, form, make);
  }

  /** Absent and null are the same. */
  has(key: string): boolean {
    return (this.#config(key) ?? null) !== null;
  }

  text(key: string, otherwise: string): string {
    const value = this.#config(key) ?? otherwise;
    if (typeof value !== "string") throw this.#wrong(key);
    return value;
  }

  boolean(key: string, otherwise: boolean): boolean {
    const value = this.#config(key) ?? otherwise;
    if (typeof value !== "boolean") throw this.#wrong(key);
    return value;
  }

  real(key: string, otherwise: number): number {
    const value = this.#config(key) ?? otherwise;
    // Keras writes the numbers of a layer's weights as { class_name, config }; nothing here takes those.
    if (typeof value !== "number" || !Number.isFinite(value)) throw this.#wrong(key);
    return value;
  }

  integer(key: string, otherwise: number): number {
    const value = this.real(key, otherwise);
    if (!Number.isSafeInteger(value)) throw this.#wrong(key);
    return value;
  }

  /** Positive integers, one for each of `count` axes; a single number counts for all. */
  sizes(key: string, count: number, otherwise: readonly number[]): number[] {
    const sizes = this.integers(key, count, otherwise);
    if (sizes.some((size) => size < 1)) throw this.#wrong(key);
    return sizes;
  }

  integers(key: string, count: number, otherwise: readonly number[]): number[] {
    const value = this.#config(key) ?? otherwise;
    const list = Array.isArray(value) ? value : Array.from({ length: count }, () => value);
    if (list.length !== count || !list.every((each) => Number.isSafeInteger(each))) throw this.#wrong(key);
    return list;
  }

  /** A list of integers of any length up to 8. */
  list(key: string): number[] {
    const value = this.#config(key);
    if (!Array.isArray(value) || value.length > 8 || !value.every((each) => Number.isSafeInteger(each))) {
      throw this.#wrong(key);
    }
    return value;
  }

  /** [[top, bottom], [left, right]], or one number for each pair, or one for all. */
  pairs(key: string): [number, number][] {
    const value = this.#config(key) ?? 0;
    const axes = Array.isArray(value) ? value : [value, value];
    const pairs = axes.map((axis) => (Array.isArray(axis) ? axis : [axis, axis]));
    const isPair = (pair: readonly unknown[]) =>
      pair.length === 2 && pair.every((each) => Number.isSafeInteger(each) && (each as number) >= 0);
    if (pairs.length !== 2 || !pairs.every(isPair)) throw this.#wrong(key);
    return pairs as [number, number][];
  }

  /** `value` as the activation of that key leaves it. */
  activated(value: string, key = "activation"): string {
    const given = this.#config(key) ?? "linear";
    const { class_name: kind, config } = membersOf(given);
    const name = kind === "function" ? config : (kind ?? given);
    if (typeof name !== "string") throw this.#wrong(key);
    const activated = activate(this, name, value);
    if (activated === null) throw this.refuse(`activation ${name}`);
    return activated;
  }

  checkFormat(): void {
    if (this.text("data_format", "channels_last") !== "channels_last") throw this.refuse("channels first");
  }

  refuse(reason: string): ModelError {
    return unsupported(this.#entry.kind, this.#entry.name, reason);
  }

  #config(key: string): unknown {
    const { config } = this.#entry;
    return isObject(config) && Object.hasOwn(config, key) ? config[key] : undefined;
  }

  #wrong(key: string): ModelError {
    return malformed(`${key} of layer ${this.#entry.name} (${this.#entry.kind})`);
  }
}
