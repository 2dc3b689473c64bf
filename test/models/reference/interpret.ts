// Interprets a graph in f64 by the definitions of its operators: slow, simple, and no part of what it checks.
import type { Attribute, Constant, Graph, Node } from "../../../models/graph.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { LINEAR } from "./linear.ts";
import { SHAPE } from "./shape.ts";
import { fromConstant, type Tensor, toConstant } from "./tensor.ts";

/** A node with its inputs: what an operator is given. */
export interface Call {
  readonly node: Node;
  /** Those that are there. */
  readonly inputs: readonly Tensor[];
  input(index: number): Tensor;
  optional(index: number): Tensor | undefined;
  /** The elements of an input, or undefined where it is absent. */
  integers(index: number): number[] | undefined;
  attribute(name: string): Attribute | undefined;
  number(name: string, otherwise: number): number;
  numbers(name: string): readonly number[] | undefined;
}

export type Operators = Readonly<Record<string, (call: Call) => readonly Tensor[]>>;

const OPERATORS: Operators = { ...ELEMENTWISE, ...LINEAR, ...SHAPE };

/** The graph's outputs by name; reals are rounded to their type only there. */
export function interpret(graph: Graph, inputs: ReadonlyMap<string, Constant>): Map<string, Constant> {
  const values = new Map<string, Tensor>();
  for (const [name, constant] of [...graph.constants, ...inputs]) values.set(name, fromConstant(constant));
  for (const node of graph.nodes) {
    const results = run(node, values);
    for (const [index, name] of node.outputs.entries()) if (name !== "") values.set(name, results[index]!);
  }
  return new Map(graph.outputs.map((name) => [name, toConstant(values.get(name)!)]));
}

function run(node: Node, values: ReadonlyMap<string, Tensor>): readonly Tensor[] {
  const title = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
  const operator = Object.hasOwn(OPERATORS, title) ? OPERATORS[title] : undefined;
  if (operator === undefined) {
    throw new RangeError(`the reference does not know ${title} (node ${node.name})`);
  }
  const optional = (index: number) => values.get(node.inputs[index] ?? "");
  const call: Call = {
    node,
    inputs: node.inputs.filter((name) => name !== "").map((name) => values.get(name)!),
    optional,
    input(index) {
      const value = optional(index);
      if (value === undefined) throw new RangeError(`${node.op} (node ${node.name}) has no input ${index}`);
      return value;
    },
    integers: (index) => {
      const value = optional(index);
      return value && Array.from(value.data);
    },
    attribute: (name) => node.attributes.get(name),
    number: (name, otherwise) => (node.attributes.get(name) as number | undefined) ?? otherwise,
    numbers: (name) => node.attributes.get(name) as readonly number[] | undefined,
  };
  try {
    return operator(call);
  } catch (cause) {
    const shapes = call.inputs.map(({ shape }) => `[${shape}]`).join(", ");
    throw new Error(`${node.op} (node ${node.name}) of ${shapes} failed`, { cause });
  }
}
