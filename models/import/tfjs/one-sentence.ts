// Specialises a model of ragged batches, which takes (row, column) indices beside the tokens of many sentences, to one
// sentence of n tokens. Then the indices are (0, 0) … (0, n − 1), and all that the model computes of them and of shapes
// is affine in n: masks hold everywhere, rows are gathered from and scattered to where they are. Nothing that depends on
// data but on the tokens alone is left; what would be, is refused.
import { ModelError } from "../../errors.ts";
import type { Attribute, Constant, Graph, GraphInput, Node } from "../../graph.ts";
import { GraphBuilder } from "./builder.ts";
import {
  type Affine,
  areAllIndices,
  constantForm,
  create,
  fromConstant,
  isConstant,
  isLong,
  LENGTH,
  numberOf,
  TOKENS,
  toSizes,
} from "./sentence/affine.ts";
import { evaluate } from "./sentence/evaluate.ts";
import { LimitFinder, type SentenceLimits } from "./sentence/limits.ts";
import { Materializer } from "./sentence/materialize.ts";
import { divide, equalSizes, productOf, type Size } from "./size.ts";
import { fromStart, type Type, type TypeSource, typesOf } from "./types.ts";

export interface OneSentence {
  /** Its only input is `tokens`, i32 ["tokens"]. */
  readonly graph: Graph;
  readonly limits: SentenceLimits;
}

/**
 * `graph` has two inputs of integers: indices (n, 2) of rows and columns, row-major, and the n tokens there.
 * Throws ModelError op_unsupported where the graph is of another kind or something stays that depends on data.
 */
export function specializeToOneSentence(graph: Graph): OneSentence {
  return new Specializer(graph).run();
}

function refuse({ op, name }: Pick<Node, "op" | "name">, reason: string): ModelError {
  return new ModelError("op_unsupported", `${op} (node ${name}): ${reason}`);
}

/** Rows (0, 0), (0, 1), … of the sentence's only row. */
function rowIndices(): Affine {
  return create("i32", [LENGTH, 2], ([, column]) => ({ ...constantForm(0, 2), steps: [column!, 0] }))!;
}

const same = (a: readonly Size[] | null, b: readonly Size[] | null) =>
  a !== null && b !== null && a.length === b.length && a.every((size, axis) => equalSizes(size, b[axis]!));

/** Operators whose first input's vectors along the last axis each give one of the result. */
const ALONG_LAST = new Set(["Add", "MatMul", "Mul", "Relu", "Softmax"]);

class Specializer implements TypeSource {
  readonly #graph: Graph;
  readonly #builder: GraphBuilder;
  readonly #materializer: Materializer;
  readonly #limits = new LimitFinder();
  /** By names of the graph that is read. */
  readonly #known = new Map<string, Affine>();
  /** Values that depend on data: their names in the new graph. */
  readonly #names = new Map<string, string>();
  /** By names of the new graph. */
  readonly #types = new Map<string, Type>();
  /** Values of the new graph that are the tokens in another shape. */
  readonly #tokens = new Set<string>([TOKENS]);
  /** Values of the new graph that are another's elements in the same order. */
  readonly #reshaped = new Map<string, string>();
  /** Sums over axes, by the name of their value. */
  readonly #sums = new Map<string, Node>();

  constructor(graph: Graph) {
    this.#graph = graph;
    const reserved = [TOKENS, ...graph.nodes.flatMap((node) => [node.name, ...node.outputs])];
    this.#builder = new GraphBuilder(graph.constants, reserved);
    this.#materializer = new Materializer(this.#builder);
    for (const [name, constant] of graph.constants) {
      const value = fromConstant(constant);
      if (value !== null) this.#known.set(name, value);
    }
  }

  run(): OneSentence {
    const [indices, tokens] = this.#findInputs();
    this.#builder.addInput(TOKENS, "i32", [TOKENS]);
    this.#known.set(indices.name, rowIndices());
    this.#setData(tokens.name, TOKENS, { dtype: "i32", shape: [LENGTH] });
    for (const node of this.#graph.nodes) this.#specialize(node);
    const outputs = this.#graph.outputs.map((name) => {
      this.#builder.alias(name, this.#operand(name));
      return name;
    });
    return { graph: this.#builder.finish(outputs), limits: this.#limits.limits() };
  }

  #findInputs(): [GraphInput, GraphInput] {
    const { inputs } = this.#graph;
    const indices = inputs.find(
      ({ dtype, shape }) => dtype === "i32" && shape.length === 2 && shape[1] === 2,
    );
    const tokens = inputs.find(({ dtype, shape }) => dtype === "i32" && shape.length === 1);
    if (inputs.length !== 2 || indices === undefined || tokens === undefined) {
      throw new ModelError("op_unsupported", "the inputs are not indices i32 [n, 2] and tokens i32 [n]");
    }
    return [indices, tokens];
  }

  type(name: string): Type {
    return this.#known.get(name) ?? this.constant(name) ?? this.#types.get(this.#names.get(name)!)!;
  }

  constant(name: string): Constant | undefined {
    return this.#graph.constants.get(name);
  }

  sizes(name: string): readonly Size[] | null {
    const value = this.#known.get(name);
    return value === undefined ? null : toSizes(value);
  }

  #setData(name: string, value: string, type: Type): void {
    this.#names.set(name, value);
    if (!this.#types.has(value)) this.#types.set(value, type);
  }

  #specialize(node: Node): void {
    const known = (index: number) => this.#known.get(node.inputs[index] ?? "") ?? null;
    const shape = (index: number) => this.type(node.inputs[index]!).shape;
    const value = evaluate({ node, limits: this.#limits, known, shape }) ?? this.#compareTokens(node);
    if (value !== null) {
      this.#known.set(node.outputs[0]!, value);
      return;
    }
    const types = typesOf(node, this);
    const type = types[0]!;
    const replaced =
      this.#replace(node, type) ?? (ALONG_LAST.has(node.op) ? this.#beforeReshape(node, type) : null);
    if (replaced !== null) this.#setData(node.outputs[0]!, replaced, type);
    else this.#copy(node, types);
  }

  /** A mask of what is no padding holds for every token from some number on: that becomes a limit. */
  #compareTokens({ op, inputs }: Node): Affine | null {
    const bound = this.#known.get(inputs[1] ?? "");
    const least = bound && numberOf(bound);
    if (!this.#tokens.has(this.#names.get(inputs[0] ?? "") ?? "") || typeof least !== "number") return null;
    if (op === "Greater") this.#limits.requireToken(least + 1);
    else if (op === "GreaterOrEqual") this.#limits.requireToken(least);
    else return null;
    return create("bool", this.type(inputs[0]!).shape!, () =>
      constantForm(1, this.type(inputs[0]!).shape!.length),
    );
  }

  /** The value that a node's only output is, or null where the node has to compute it. */
  #replace(node: Node, { shape }: Type): string | null {
    const [first = "", second = "", third = ""] = node.inputs;
    const known = (name: string) => this.#known.get(name);
    switch (node.op) {
      case "Gather":
        return this.#gather(node);
      case "GatherND": {
        const all = this.#areAllRows(known(second), this.type(first).shape);
        return all ? this.#reshape(node, first, shape) : null;
      }
      case "ScatterND": {
        const target = this.type(first).shape;
        const blank = known(first);
        const sums = node.attributes.get("reduction");
        const isNew =
          sums === undefined || sums === "none" || (sums === "add" && blank && numberOf(blank) === 0);
        return isNew && this.#areAllRows(known(second), target) ? this.#reshape(node, third, target) : null;
      }
      case "Reshape":
      case "Squeeze":
      case "Unsqueeze":
        return this.#reshape(node, first, shape);
      case "Identity":
        return this.#operand(first);
      case "Cast":
        return this.#castTokens(node);
      case "Add":
        return this.#neutral(first, second, 0, shape) ?? this.#neutral(second, first, 0, shape);
      case "Mul":
        return this.#neutral(first, second, 1, shape) ?? this.#neutral(second, first, 1, shape);
      case "Sub":
        return this.#neutral(first, second, 0, shape);
      case "Div":
        return this.#neutral(first, second, 1, shape) ?? this.#mean(node);
      default:
        return null;
    }
  }

  /** All rows in order are the whole. */
  #gather({ inputs, attributes }: Node): string | null {
    const [first = "", second = ""] = inputs;
    const indices = this.#known.get(second);
    const shape = this.type(first).shape;
    const axis = fromStart((attributes.get("axis") as number | undefined) ?? 0, shape?.length ?? 0);
    if (this.#tokens.has(this.#names.get(second) ?? "")) {
      const rows = shape?.[axis];
      if (typeof rows !== "number") return null;
      this.#limits.requireToken(0);
      this.#limits.requireRows(rows);
      return null;
    }
    if (indices === undefined || !isLong(shape?.[axis] ?? null) || !areAllIndices(indices)) return null;
    return this.#operand(first);
  }

  /** Whether rows of indices name every place of the leading axes of `shape`, in order. */
  #areAllRows(indices: Affine | undefined, shape: readonly Size[] | null): boolean {
    const depth = indices?.shape.at(-1);
    if (indices === undefined || typeof depth !== "number" || shape === null) return false;
    const leading = shape.slice(0, depth);
    const rows = indices.shape.slice(0, -1);
    const isOneRow = (sizes: readonly Size[]) =>
      sizes.filter(isLong).length === 1 && sizes.every((size) => size === 1 || isLong(size));
    if (leading.length !== depth || !isOneRow(leading) || !isOneRow(rows)) return false;
    const along = rows.findIndex(isLong);
    return indices.forms.every((form, column) => {
      const step = isLong(leading[column]!) ? 1 : 0;
      return (
        form.constant === 0 &&
        form.length === 0 &&
        form.steps.every((each, axis) => each === (axis === along ? step : 0))
      );
    });
  }

  /** The elements of a value in another shape; itself, or what it was made of, if that has the shape. */
  #reshape(node: Node, name: string, shape: readonly Size[] | null): string {
    const value = this.#operand(name);
    if (shape === null) throw refuse(node, "a shape that does not follow from the sentence's length");
    const origin = this.#reshaped.get(value) ?? value;
    for (const candidate of [origin, value]) {
      if (same(this.#types.get(candidate)?.shape ?? null, shape)) return candidate;
    }
    const target = this.#materializer.shape(node.name, shape);
    if (target === null) throw refuse(node, "a shape that does not follow from the sentence's length");
    const result = this.#emit(
      node,
      "Reshape",
      [origin, target],
      {},
      { dtype: this.#types.get(value)!.dtype, shape },
    );
    this.#reshaped.set(result, origin);
    if (this.#tokens.has(value)) this.#tokens.add(result);
    return result;
  }

  #castTokens(node: Node): string | null {
    const value = this.#names.get(node.inputs[0]!);
    const to = node.attributes.get("to");
    if (value === undefined || !this.#tokens.has(value) || (to !== "i32" && to !== "i64")) return null;
    const type = this.#types.get(value)!;
    if (type.dtype === to) return value;
    const result = this.#emit(node, "Cast", [value], { to }, { ...type, dtype: to });
    this.#tokens.add(result);
    return result;
  }

  /** `value` itself where the other operand changes nothing. */
  #neutral(value: string, other: string, neutral: number, shape: readonly Size[] | null): string | null {
    const known = this.#known.get(other);
    if (known === undefined || numberOf(known) !== neutral || this.#known.has(value)) return null;
    return same(this.type(value).shape, shape) ? this.#operand(value) : null;
  }

  /** A sum over axes divided by how many elements they have. */
  #mean(node: Node): string | null {
    const [first = "", second = ""] = node.inputs;
    const sum = this.#sums.get(this.#names.get(first) ?? "");
    const divisor = this.#known.get(second);
    if (sum === undefined || divisor === undefined) return null;
    const [before, after] = [this.type(sum.inputs[0]!).shape, this.type(first).shape];
    const [form, ...others] = divisor.forms;
    if (before === null || after === null || form === undefined || others.length > 0) return null;
    const count = divide(productOf(before), productOf(after));
    const size = isConstant(form) ? form.constant : { factor: form.length, names: [TOKENS] };
    if (!equalSizes(count, size) || (form.length !== 0 && form.constant !== 0)) return null;
    const operands = sum.inputs.map((name) => this.#operand(name));
    return this.#emit(node, "ReduceMean", operands, Object.fromEntries(sum.attributes), this.type(first));
  }

  /**
   * What works on vectors along the last axis alone gives the same on the value before it was reshaped, if that kept
   * those vectors whole. The reshaping moves behind, where the next one undoes it.
   */
  #beforeReshape(node: Node, type: Type): string | null {
    const [first = "", ...others] = node.inputs;
    const value = this.#operand(first);
    const origin = this.#reshaped.get(value);
    const [before, width] = [
      this.#types.get(origin ?? "")?.shape,
      this.#types.get(value)?.shape?.at(-1) ?? null,
    ];
    if (origin === undefined || !before || !equalSizes(before.at(-1) ?? null, width) || type.shape === null)
      return null;
    // An operand by element has to be one number or one for each element of the vectors, so that it adds no axis.
    const isByVector = others.every((name) => {
      const shape = this.constant(name)?.shape;
      return node.op === "MatMul"
        ? shape?.length === 2
        : shape?.length === 0 || (shape?.length === 1 && shape[0] === width);
    });
    if (!isByVector || (node.op === "Softmax" && node.attributes.get("axis") !== -1)) return null;
    const target = this.#materializer.shape(node.name, type.shape);
    if (target === null) return null;
    const shape = [...before.slice(0, -1), type.shape.at(-1)!];
    const attributes = Object.fromEntries(node.attributes);
    const result = this.#emit(node, node.op, [origin, ...others], attributes, { dtype: type.dtype, shape });
    const back = this.#emit(node, "Reshape", [result, target], {}, type);
    this.#reshaped.set(back, result);
    return back;
  }

  #copy(node: Node, types: readonly Type[]): void {
    if (node.op === "NonZero") throw refuse(node, "how much it finds depends on data, also in one sentence");
    const inputs = node.inputs.map((name) => (name === "" ? "" : this.#operand(name)));
    const attributes = Object.fromEntries(node.attributes);
    const made = this.#builder.emitMany(node.name, node.op, inputs, attributes, node.outputs.length);
    const outputs = made.length === 1 ? [this.#builder.rename(made[0]!, node.outputs[0]!)] : made;
    for (const [index, output] of outputs.entries())
      this.#setData(node.outputs[index]!, output, types[index]!);
    if (node.op === "ReduceSum") this.#sums.set(outputs[0]!, node);
  }

  #emit(
    node: Node,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    type: Type,
  ): string {
    const made = this.#builder.emit(node.name, op, inputs, attributes);
    const value = this.#builder.rename(made, node.outputs[0]!);
    this.#types.set(value, type);
    return value;
  }

  /** The name in the new graph of a value of the old one. */
  #operand(name: string): string {
    const value = this.#names.get(name);
    if (value !== undefined) return value;
    if (this.constant(name) !== undefined) return name;
    const known = this.#known.get(name);
    const made = known && this.#materializer.make(name, known);
    if (!made)
      throw refuse({ op: "value", name }, "it is not computed from the sentence's length in a known way");
    this.#types.set(made, known);
    this.#names.set(name, made);
    return made;
  }
}
