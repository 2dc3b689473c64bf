// A graph that grows: values that operators may take, and what was written down so far. Everything random comes from one
// seeded source, so a case is its seed and its number.
import { createConstant } from "../../models/constant.ts";
import type { Constant, DataType } from "../../models/graph.ts";
import type { Random } from "../kernels/random.ts";
import type { AttributeSpec, InputSpec, NodeSpec, TensorSpec } from "../models/import/encode-onnx.ts";
import { count, type FuzzValue, isFixed, type Range, type Result, type Shapes, Unfit } from "./value.ts";

/** A size that a request decides: its name and its values at both bindings. */
export interface FuzzSymbol {
  readonly name: string;
  readonly sizes: readonly [number, number];
}

export type Axis = number | FuzzSymbol;
export type Attributes = Readonly<Record<string, AttributeSpec>>;

/** TensorProto.DataType */
export const ONNX_TYPES: Readonly<Record<DataType, number>> = {
  f32: 1,
  u8: 2,
  i8: 3,
  i32: 6,
  i64: 7,
  bool: 9,
  f64: 11,
};

const MAX_ELEMENTS = 4096;
/** Beyond, a tolerance says nothing. */
const MAX_ERROR = 0.01;
const MAX_MAGNITUDE = 1e6;

export interface Wish {
  readonly dtypes?: readonly DataType[];
  readonly ranks?: readonly [number, number];
  /** Dyadic numbers only: for what jumps. */
  readonly exact?: boolean;
  /** Of every element. */
  readonly within?: readonly [number, number];
  readonly where?: (value: FuzzValue) => boolean;
  /** Of a new input, where no value fits. */
  readonly shape?: () => readonly Axis[];
}

export class Sketch {
  readonly random: Random;
  readonly opset: number;
  readonly symbols: readonly FuzzSymbol[];
  /** Every value by its name. */
  readonly known = new Map<string, FuzzValue>();
  /** Those that operators may take. */
  readonly values: FuzzValue[] = [];
  readonly nodes: NodeSpec[] = [];
  readonly inputs: InputSpec[] = [];
  readonly initializers: TensorSpec[] = [];
  readonly feeds: readonly [Map<string, Constant>, Map<string, Constant>] = [new Map(), new Map()];
  readonly #read = new Set<string>();

  constructor(random: Random, opset: number, symbols: readonly FuzzSymbol[]) {
    this.random = random;
    this.opset = opset;
    this.symbols = symbols;
  }

  chance(share: number): boolean {
    return this.random.real(0, 1) < share;
  }

  integer(low: number, high: number): number {
    return this.random.integer(low, high);
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.random.integer(0, list.length - 1)];
    if (item === undefined) throw new Unfit("nothing to pick from");
    return item;
  }

  /** In random order. */
  shuffle<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let at = result.length - 1; at > 0; at--) {
      const other = this.integer(0, at);
      [result[at], result[other]] = [result[other]!, result[at]!];
    }
    return result;
  }

  needs(opset: number): void {
    if (this.opset < opset) throw new Unfit(`opset ${opset}`);
  }

  need(condition: boolean): void {
    if (!condition) throw new Unfit("a value that does not fit");
  }

  /** A value there is, or a new input or constant. */
  take(wish: Wish): FuzzValue {
    const {
      dtypes = ["f32"],
      ranks = [0, 5],
      exact = false,
      within = [-MAX_MAGNITUDE, MAX_MAGNITUDE],
      where,
    } = wish;
    const fits = (value: FuzzValue) =>
      dtypes.includes(value.dtype) &&
      value.shapes[0].length >= ranks[0] &&
      value.shapes[0].length <= ranks[1] &&
      (!exact || value.grain !== null) &&
      value.error <= MAX_ERROR &&
      value.low >= within[0] &&
      value.high <= within[1] &&
      (where === undefined || where(value));
    const known = this.values.filter(fits);
    if (known.length > 0 && this.chance(0.85)) {
      // The latest half of the time, so that graphs get deep.
      return this.chance(0.5) ? known.at(-1)! : this.pick(known);
    }
    const shape = wish.shape?.() ?? this.axes(this.integer(ranks[0], Math.min(ranks[1], 4)));
    const made = this.make(this.pick(dtypes), shape, { exact, within });
    if (!fits(made)) throw new Unfit("no value fits");
    return made;
  }

  axes(rank: number): Axis[] {
    return Array.from({ length: rank }, () =>
      this.symbols.length > 0 && this.chance(0.25) ? this.pick(this.symbols) : this.integer(1, 6),
    );
  }

  /** A new input, or a constant where no symbol is in its shape. */
  make(
    dtype: DataType,
    axes: readonly Axis[],
    { exact = false, within = [-4, 4] as readonly [number, number], constant = 0.2 } = {},
  ): FuzzValue {
    const shapes = shapesOf(axes);
    const range = this.#range(dtype, exact, within);
    const isConstant = axes.every((axis) => typeof axis === "number") && this.chance(constant);
    if (isConstant) return this.constant(this.#data(dtype, shapes[0], range), range);
    const value = this.#add({ dtype, shapes, ...range }, false);
    this.inputs.push({
      name: value.name,
      type: ONNX_TYPES[dtype],
      shape: axes.map((axis) => (typeof axis === "number" ? axis : axis.name)),
    });
    for (const binding of [0, 1] as const)
      this.feeds[binding].set(value.name, this.#data(dtype, shapes[binding], range));
    return value;
  }

  constant(constant: Constant, range: Range): FuzzValue {
    const { dtype, shape, data } = constant;
    const value = this.#add({ dtype, shapes: [shape, shape], ...range }, true);
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({ name: value.name, type: ONNX_TYPES[dtype], dims: shape, raw });
    return value;
  }

  /** Not offered to operators: shapes, axes, bounds. */
  integers(values: readonly number[], dtype: "i64" | "i32" = "i64", isScalar = false): FuzzValue {
    const constant = createConstant(dtype, isScalar ? [] : [values.length]);
    for (const [index, each] of values.entries())
      constant.data[index] = constant.dtype === "i64" ? BigInt(each) : each;
    const value = this.constant(constant, {
      low: Math.min(...values),
      high: Math.max(...values),
      grain: 0,
      error: 0,
    });
    this.values.pop();
    return value;
  }

  /** Constant weights whose elements are small multiples of a power of two, or reals. */
  weights(shape: readonly number[], exact: boolean, most = 3): FuzzValue {
    const range = exact
      ? { low: -most, high: most, grain: 0, error: 0 }
      : { low: -most / 3, high: most / 3, grain: null, error: 0 };
    const value = this.constant(this.#data("f32", shape, range), range);
    this.values.pop();
    return value;
  }

  /** One f32. */
  scalar(number: number): FuzzValue {
    return this.#reals([], [number]);
  }

  vector(numbers: readonly number[]): FuzzValue {
    return this.#reals([numbers.length], numbers);
  }

  #reals(shape: readonly number[], numbers: readonly number[]): FuzzValue {
    const constant: Constant = { dtype: "f32", shape, data: Float32Array.from(numbers) };
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const value = this.constant(constant, { low, high, grain: null, error: 0 });
    this.values.pop();
    return value;
  }

  /** A node and its outputs; null is an input that is absent. */
  emit(
    op: string,
    inputs: readonly (FuzzValue | null)[],
    attributes: Attributes,
    results: readonly Result[],
    domain = "",
  ): FuzzValue[] {
    for (const { shapes, error } of results) {
      if (!Number.isFinite(error)) throw new Unfit("an error without bounds");
      if (
        shapes.some(
          (shape) => count(shape) > MAX_ELEMENTS || shape.some((size) => size < 1) || shape.length > 6,
        )
      )
        throw new Unfit("a result too large, or empty");
    }
    for (const input of inputs) if (input !== null) this.#read.add(input.name);
    const isConstant = inputs.every((input) => input === null || input.isConstant);
    const outputs = results.map((result) => this.#add(result, isConstant));
    const names = {
      inputs: inputs.map((input) => input?.name ?? ""),
      outputs: outputs.map(({ name }) => name),
    };
    this.nodes.push({ op, ...names, attributes, ...(domain === "" ? {} : { domain }) });
    return outputs;
  }

  /** Of a graph inside a node. */
  read(value: FuzzValue): void {
    this.#read.add(value.name);
  }

  /** What nothing reads yet, and was computed. */
  get leaves(): FuzzValue[] {
    const made = new Set(this.nodes.flatMap(({ outputs }) => outputs));
    return this.values.filter(({ name }) => made.has(name) && !this.#read.has(name));
  }

  #add(result: Result, isConstant: boolean): FuzzValue {
    const value = { ...result, name: `v${this.known.size}`, isConstant };
    this.values.push(value);
    this.known.set(value.name, value);
    return value;
  }

  #range(dtype: DataType, exact: boolean, [low, high]: readonly [number, number]): Range {
    const inside = (a: number, b: number) => ({ low: Math.max(a, low), high: Math.min(b, high) });
    if (dtype === "bool") return { low: 0, high: 1, grain: 0, error: 0 };
    if (dtype === "u8") return { ...inside(0, 9), grain: 0, error: 0 };
    if (dtype !== "f32" && dtype !== "f64") return { ...inside(-6, 6), grain: 0, error: 0 };
    if (!exact && this.chance(0.35)) return { ...inside(-2, 2), grain: null, error: 0 };
    return { ...inside(-4, 4), grain: this.pick([0, 0, 1]), error: 0 };
  }

  #data(dtype: DataType, shape: readonly number[], { low, high, grain }: Range): Constant {
    if (low > high) throw new Unfit("an empty interval");
    const constant = createConstant(dtype, shape);
    const unit = 2 ** (grain ?? 0);
    for (let index = 0; index < constant.data.length; index++) {
      const number =
        grain === null
          ? Math.fround(this.random.real(low, high))
          : this.integer(Math.ceil(low * unit), Math.floor(high * unit)) / unit;
      constant.data[index] = constant.dtype === "i64" ? BigInt(number) : number;
    }
    return constant;
  }
}

function shapesOf(axes: readonly Axis[]): Shapes {
  const at = (binding: 0 | 1) => axes.map((axis) => (typeof axis === "number" ? axis : axis.sizes[binding]));
  return [at(0), at(1)];
}

/** The axes that a new input of the same sizes has: Unfit where a size was computed of a symbol. */
export function axesOf(sketch: Sketch, { shapes }: { shapes: Shapes }): Axis[] {
  return shapes[0].map((size, axis) => {
    if (isFixed({ shapes }, axis)) return size;
    const symbol = sketch.symbols.find(({ sizes }) => sizes[0] === size && sizes[1] === shapes[1][axis]);
    if (symbol === undefined) throw new Unfit("a size computed of a symbol");
    return symbol;
  });
}
