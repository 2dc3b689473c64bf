// Lets transpositions sink through operators that do not care about the order of axes, until they meet their inverse or
// somebody who does. Images stay NCHW from one convolution to the next, and what stands between is next to them for the
// fusions to find. A transposition is made where its value is read after all.

import { transposeConstant } from "../../constant.ts";
import type { Attribute, Constant, Graph, Node } from "../../graph.ts";
import { int64s } from "./builder.ts";
import { fromStart, integersOf } from "./types.ts";

const UNARY = new Set(
  (
    "Abs Cast Ceil Clip Cos Elu Erf Exp Floor HardSigmoid LeakyRelu Log Neg Reciprocal Relu Round Selu Sigmoid Sign Sin " +
    "Softplus Softsign Sqrt Tanh"
  ).split(" "),
);
const BINARY = new Set(["Add", "Div", "Max", "Min", "Mul", "PRelu", "Pow", "Sub"]);

/** Axis i of the value is axis order[i] of the source. */
interface Turned {
  readonly source: string;
  readonly order: readonly number[];
}

export function sinkTranspositions(graph: Graph): Graph {
  return new Sinker(graph).run();
}

class Sinker {
  readonly #graph: Graph;
  readonly #nodes: Node[] = [];
  readonly #constants: Map<string, Constant>;
  readonly #used: Set<string>;
  readonly #turned = new Map<string, Turned>();
  readonly #aliases = new Map<string, string>();
  /** Transpositions that are made, by source and order. */
  readonly #made = new Map<string, string>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#constants = new Map(graph.constants);
    const inputs = graph.inputs.map(({ name }) => name);
    const own = graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]);
    this.#used = new Set([...inputs, ...own, ...graph.constants.keys()]);
  }

  run(): Graph {
    for (const node of this.#graph.nodes) {
      if (node.op === "Transpose") this.#turn(node);
      else if (!this.#sink(node))
        this.#nodes.push({ ...node, inputs: node.inputs.map((name) => this.#read(name)) });
    }
    const outputs = this.#graph.outputs.map((name) => {
      const value = this.#read(name);
      if (value === name) return name;
      this.#nodes.push({
        name,
        domain: "",
        op: "Identity",
        inputs: [value],
        outputs: [name],
        attributes: new Map(),
      });
      return name;
    });
    const read = new Set([...this.#nodes.flatMap(({ inputs }) => inputs), ...outputs]);
    const constants = new Map([...this.#constants].filter(([name]) => read.has(name)));
    return { ...this.#graph, outputs, nodes: this.#nodes, constants };
  }

  #turn(node: Node): void {
    const [input, output] = [this.#resolve(node.inputs[0]!), node.outputs[0]!];
    const order = node.attributes.get("perm") as readonly number[];
    const before = this.#turned.get(input);
    const source = before?.source ?? input;
    const whole = before === undefined ? order : order.map((axis) => before.order[axis]!);
    if (whole.every((axis, i) => axis === i)) this.#aliases.set(output, source);
    else this.#turned.set(output, { source, order: whole });
  }

  /** Whether the node was put in front of the transposition of what it reads. */
  #sink(node: Node): boolean {
    const [first = "", ...others] = node.inputs.map((name) => this.#resolve(name));
    const turned = this.#turned.get(first);
    if (UNARY.has(node.op))
      return turned !== undefined && this.#put(node, [turned.source, ...others], turned.order);
    if (BINARY.has(node.op)) return this.#sinkBinary(node, [first, ...others]);
    if (turned === undefined) return false;
    switch (node.op) {
      case "Concat": {
        const sources = [first, ...others].map((name) => this.#sourceLike(name, turned.order));
        if (!sources.every((source) => source !== null)) return false;
        const axis = turned.order[fromStart(node.attributes.get("axis") as number, turned.order.length)]!;
        return this.#put(node, sources, turned.order, { axis });
      }
      case "Pad":
        return this.#sinkPad(node, turned, others);
      case "Squeeze":
      case "ReduceMax":
      case "ReduceMean":
        return this.#sinkReduction(node, turned, others);
      default:
        return false;
    }
  }

  #sinkBinary(node: Node, inputs: readonly string[]): boolean {
    const order = inputs.map((name) => this.#turned.get(name)?.order).find((each) => each !== undefined);
    if (order === undefined) return false;
    const sources = inputs.map((name) => this.#sourceLike(name, order) ?? this.#turnedConstant(name, order));
    return sources.every((source) => source !== null) && this.#put(node, sources, order);
  }

  #sinkPad(node: Node, { source, order }: Turned, [pads = "", ...others]: readonly string[]): boolean {
    const known = integersOf(this.#constants.get(pads));
    if (known?.length !== 2 * order.length || others.length > 1) return false;
    const moved = [...known];
    for (const [axis, from] of order.entries()) {
      moved[from] = known[axis]!;
      moved[from + order.length] = known[axis + order.length]!;
    }
    return this.#put(node, [source, this.#addConstant(node, int64s(moved)), ...others], order);
  }

  /** Only where the axes that are left are in order: otherwise the transposition is cheaper before. */
  #sinkReduction(node: Node, { source, order }: Turned, [axes = ""]: readonly string[]): boolean {
    const known = integersOf(this.#constants.get(axes))?.map((axis) => fromStart(axis, order.length));
    if (known === undefined || known.some((axis) => order[axis] === undefined)) return false;
    const inputs = [source, this.#addConstant(node, int64s(known.map((axis) => order[axis]!)))];
    if (node.op !== "Squeeze" && node.attributes.get("keepdims") !== 0) return this.#put(node, inputs, order);
    const left = order.filter((_, axis) => !known.includes(axis));
    if (left.some((axis, i) => i > 0 && axis < left[i - 1]!)) return false;
    this.#nodes.push({ ...node, inputs });
    return true;
  }

  #put(
    node: Node,
    inputs: readonly string[],
    order: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): boolean {
    const output = this.#fresh(`${node.outputs[0]}:turned`);
    const changed = new Map([...node.attributes, ...Object.entries(attributes)]);
    this.#nodes.push({ ...node, inputs, outputs: [output], attributes: changed });
    this.#turned.set(node.outputs[0]!, { source: output, order });
    return true;
  }

  /** The source of a value that is turned in that way. */
  #sourceLike(name: string, order: readonly number[]): string | null {
    const turned = this.#turned.get(name);
    return turned?.order.join() === order.join() ? turned.source : null;
  }

  /** A constant, which may broadcast, with its axes where the source has them. */
  #turnedConstant(name: string, order: readonly number[]): string | null {
    const constant = this.#constants.get(name);
    if (constant === undefined || constant.shape.length > order.length) return null;
    if (constant.shape.length === 0) return name;
    const ones = Array.from({ length: order.length - constant.shape.length }, () => 1);
    const whole = { ...constant, shape: [...ones, ...constant.shape] };
    const inverse = order.map((_, axis) => order.indexOf(axis));
    const turned = transposeConstant(whole, inverse);
    const first = turned.shape.findIndex((size) => size !== 1);
    // Leading axes of size 1 say nothing, and without them a bias is recognised.
    const shape = first < 0 ? [] : turned.shape.slice(first);
    const key = `${name}:${order.join("")}`;
    if (!this.#constants.has(key)) this.#constants.set(key, { ...turned, shape });
    return key;
  }

  #addConstant(node: Node, constant: Constant): string {
    const name = this.#fresh(`${node.name}:turned`);
    this.#constants.set(name, constant);
    return name;
  }

  #resolve(name: string): string {
    return this.#aliases.get(name) ?? name;
  }

  /** The name of a value for those who need it as it is; a transposition is made for the first of them. */
  #read(given: string): string {
    const name = this.#resolve(given);
    const turned = this.#turned.get(name);
    if (turned === undefined) return name;
    const key = JSON.stringify(turned);
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    this.#made.set(key, name);
    const attributes = new Map<string, Attribute>([["perm", turned.order]]);
    const title = this.#fresh(`${name}:transpose`);
    this.#nodes.push({
      name: title,
      domain: "",
      op: "Transpose",
      inputs: [turned.source],
      outputs: [name],
      attributes,
    });
    return name;
  }

  #fresh(near: string): string {
    let name = near;
    for (let count = 1; this.#used.has(name); count++) name = `${near}_${count}`;
    this.#used.add(name);
    return name;
  }
}
