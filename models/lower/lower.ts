// From the graph to a program: every operator becomes operations of the engine, with sizes as symbols. What is not in
// one of these tables, or in a form that they refuse, is refused here and never at run time.

import type { SizeSymbol } from "../../engine/index.ts";
import { BINARY } from "../../wasm/operators.ts";
import { formatShape, multiply, type Size, symbol } from "../dimension.ts";
import { entryOf } from "../entry.ts";
import { ModelError } from "../errors.ts";
import type { Constant, Graph, GraphInput, Node } from "../graph.ts";
import { dropDead, type Program } from "../program.ts";
import { isGraph } from "../reads.ts";
import { ELEMENT_TYPES } from "../value.ts";
import { ATTENTION } from "./attention-operators.ts";
import { Context } from "./context.ts";
import { CONTRIB } from "./contrib.ts";
import { createControl } from "./control.ts";
import { CREATE } from "./create.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { GATHER } from "./gather.ts";
import { LAYOUT } from "./layout.ts";
import { NBITS } from "./nbits.ts";
import { PRODUCT } from "./product.ts";
import { QUANTIZED } from "./quantized.ts";
import { RECURRENT } from "./recurrent.ts";
import { REDUCTION } from "./reduce.ts";
import { RESIZE } from "./resize.ts";
import { ROTARY } from "./rotary.ts";
import { type LowerTable, Scope } from "./scope.ts";
import { lowerSizes, SIZE_OPERATORS } from "./sizes.ts";
import { SKIP_NORMALIZATION } from "./skip-normalization.ts";
import { WINDOW } from "./window.ts";

/** What a named dimension may be: from min to max, in steps of `multiple`. */
export interface DimensionLimits {
  readonly min: number;
  readonly max: number;
  readonly multiple: number;
}

/** An image that the asker sends as bytes (batch, height, width, channels): byte · scale + bias for each channel. */
export interface BytesInput {
  /** Where the model has its channels: 1 for NCHW, 3 for NHWC. */
  readonly channelAxis: 1 | 3;
  readonly scale: readonly number[];
  readonly bias: readonly number[];
}

export interface LowerOptions {
  /** Of each named dimension. A name without limits is refused. */
  readonly dimensions: Readonly<Record<string, DimensionLimits>>;
  /** Inputs by name that arrive as bytes. */
  readonly bytes: Readonly<Record<string, BytesInput>>;
  /** Computes a node whose inputs are all constant; null where that cannot be done. */
  evaluate(node: Node, constants: ReadonlyMap<string, Constant>): readonly Constant[] | null;
}

const TABLES: LowerTable = {
  ...ELEMENTWISE,
  ...LAYOUT,
  ...WINDOW,
  ...PRODUCT,
  ...REDUCTION,
  ...GATHER,
  ...RESIZE,
  ...CREATE,
  ...RECURRENT,
  ...QUANTIZED,
  ...ATTENTION,
  ...ROTARY,
  ...SKIP_NORMALIZATION,
  ...CONTRIB,
  ...NBITS,
};

/** What is lowered, as it is written in files: operators of com.microsoft with their domain. */
export function operatorNames(): string[] {
  const names = [...Object.keys(TABLES), ...SIZE_OPERATORS, ...Object.keys(createControl(() => {}))];
  return [...new Set(names)].filter((name) => !name.startsWith("quorate.")).sort();
}

/** Throws ModelError: op_unsupported and model_malformed naming operator, node and reason; model_too_large. */
export function lowerGraph(graph: Graph, options: LowerOptions): Program {
  return new GraphLowering(options).run(graph);
}

/** As many as the operations that an artifact may have; the bodies of loops count at each turn. */
const MAX_LOWERED_NODES = 16_384;

class GraphLowering {
  readonly #context = new Context();
  readonly #options: LowerOptions;
  readonly #tables: LowerTable;
  readonly #symbols = new Map<string, Size>();
  #lowered = 0;

  constructor(options: LowerOptions) {
    this.#options = options;
    this.#tables = { ...TABLES, ...createControl((body) => this.#body(body)) };
  }

  run(graph: Graph): Program {
    const context = this.#context;
    this.#checkLimits(graph);
    for (const input of graph.inputs) this.#input(input);
    this.#body(graph);
    for (const name of graph.outputs) {
      context.builder.outputs.push({ name, tensor: context.contiguous(context.value(name)) });
    }
    this.#checkUsed("dimensions", this.#options.dimensions, [...this.#symbols.keys()]);
    this.#checkUsed(
      "bytes",
      this.#options.bytes,
      graph.inputs.map(({ name }) => name),
    );
    return dropDead(context.builder.finish()).program;
  }

  #checkLimits({ inputs }: Graph): void {
    const names = new Set(inputs.flatMap(({ shape }) => shape.filter((size) => typeof size === "string")));
    const missing = [...names].filter((name) => !Object.hasOwn(this.#options.dimensions, name));
    if (missing.length === 0) return;
    const shapes = inputs.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ");
    const sizes = missing.map((name) => JSON.stringify(name)).join(", ");
    throw new ModelError(
      "op_unsupported",
      `sizes of ${shapes} without limits: ${sizes}; state min and max of each`,
    );
  }

  /** What is stated of a name that the model does not have was meant for another. */
  #checkUsed(field: string, stated: Readonly<Record<string, unknown>>, names: readonly string[]): void {
    const unused = Object.keys(stated).find((name) => !names.includes(name));
    if (unused === undefined) return;
    const known = names.length === 0 ? "none" : names.map((name) => JSON.stringify(name)).join(", ");
    throw new ModelError(
      "recipe_invalid",
      `${field} names ${JSON.stringify(unused)}, which the model does not have; it has ${known}`,
    );
  }

  #body(graph: Graph): void {
    const context = this.#context;
    for (const [name, constant] of graph.constants) context.name(name, context.constantValue(name, constant));
    for (const node of graph.nodes) this.#node(node);
  }

  /**
   * attacker-controlled: a node of a file need not have the inputs, ranks and attributes that its operator takes. Where
   * one is missed before it is looked for, that is the node's fault and not the reader's.
   */
  #node(node: Node): void {
    if (++this.#lowered > MAX_LOWERED_NODES)
      throw new ModelError(
        "model_too_large",
        `it has more than ${MAX_LOWERED_NODES} nodes, the turns of its loops among them`,
      );
    const scope = new Scope(this.#context, node);
    try {
      this.#lower(node, scope);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      const reason = `${scope.op} (node ${scope.name}) has not the form of its operator: ${error.message}`;
      throw new ModelError("model_malformed", reason, { cause: error });
    }
    const missing = node.outputs.find((name) => name !== "" && !this.#context.has(name));
    if (missing !== undefined) scope.refuse(`output ${missing} is none that is computed`);
  }

  #lower(node: Node, scope: Scope): void {
    if (lowerSizes(scope)) return;
    const folded = this.#fold(node);
    if (folded !== null) {
      const names = node.outputs.filter((name) => name !== "");
      for (const [index, constant] of folded.entries()) {
        const name = names[index]!;
        this.#context.name(name, this.#context.constantValue(name, constant));
      }
      return;
    }
    const lower = entryOf(this.#tables, scope.op);
    if (lower === undefined)
      throw scope.refuse(`it is none of the ${operatorNames().length} operators in docs/models.md`);
    lower(scope);
  }

  /** Not of nodes with graphs, which read what is around them: their inputs are not all that they need. */
  #fold(node: Node): readonly Constant[] | null {
    if ([...node.attributes.values()].some(isGraph)) return null;
    const constants = new Map<string, Constant>();
    for (const input of node.inputs) {
      if (input === "") continue;
      const { constant } = this.#context.value(input);
      if (constant === null) return null;
      constants.set(input, constant);
    }
    return constants.size === 0 ? null : this.#options.evaluate(node, constants);
  }

  #input({ name, dtype, shape }: GraphInput): void {
    const context = this.#context;
    const { builder } = context;
    const sizes = shape.map((size) => (typeof size === "number" ? size : this.#symbol(size)));
    const bytes = entryOf(this.#options.bytes, name);
    if (bytes === undefined) {
      const tensor = builder.tensor(name, ELEMENT_TYPES[dtype], sizes);
      builder.inputs.push({ name, tensor });
      context.name(name, context.placedValue(name, dtype, sizes, tensor));
      return;
    }
    const order = bytes.channelAxis === 1 ? [0, 2, 3, 1] : [0, 1, 2, 3];
    if (sizes.length !== 4 || dtype !== "f32" || sizes[bytes.channelAxis] !== bytes.scale.length) {
      throw new ModelError(
        "op_unsupported",
        `input ${name} ${formatShape(sizes)} is no image of ${bytes.scale.length} channels`,
      );
    }
    const image = order.map((axis) => sizes[axis]!);
    const port = builder.tensor(name, "u8", image);
    builder.inputs.push({ name, tensor: port });
    const uniform =
      bytes.scale.every((each) => each === bytes.scale[0]) &&
      bytes.bias.every((each) => each === bytes.bias[0]);
    let tensor = builder.tensor(`${name}:real`, "f32", image);
    builder.op("convert", name, [port], [tensor], {
      scale: uniform ? bytes.scale[0]! : 1,
      bias: uniform ? bytes.bias[0]! : 0,
    });
    if (!uniform) {
      for (const [operator, list] of [
        ["mul", bytes.scale],
        ["add", bytes.bias],
      ] as const) {
        const data = new Uint8Array(Float32Array.from(list).buffer);
        const factors = builder.constant(`${name}:${operator}`, "f32", [list.length], data);
        const next = builder.tensor(`${name}:${operator}ed`, "f32", image);
        builder.op("binary", name, [tensor, factors], [next], { code: BINARY.indexOf(operator) });
        tensor = next;
      }
    }
    context.name(name, context.placedValue(name, "f32", sizes, tensor, order));
  }

  #symbol(name: string): Size {
    const known = this.#symbols.get(name);
    if (known !== undefined) return known;
    const limits = entryOf(this.#options.dimensions, name)!;
    const { min, max, multiple } = limits;
    if (min === max) {
      this.#symbols.set(name, min);
      return min;
    }
    const entry: SizeSymbol = { name, min: Math.ceil(min / multiple), max: Math.floor(max / multiple) };
    const index = this.#context.builder.symbols.push(entry) - 1;
    const size = multiply(symbol(index, entry), multiple);
    this.#symbols.set(name, size);
    return size;
  }
}
