// Graphs out of a few lines of text, one node a line:
//   y = Conv(x, w; group=2, pads=1 1 1 1)
// A number is a scalar constant; a name that is given a shape is a constant of random values.
import type { Attribute, Constant, Graph, Node } from "../../../models/graph.ts";

export interface Sketch {
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  readonly constants?: Readonly<Record<string, readonly number[] | Constant>>;
  /** The values that are read from outside; the last line's without. */
  readonly outputs?: readonly string[];
  readonly lines: string;
}

export function sketch({ inputs = { x: [2, 4] }, constants = {}, outputs, lines }: Sketch): Graph {
  const found = new Map<string, Constant>();
  const random = createRandom(1);
  for (const [name, given] of Object.entries(constants)) {
    found.set(name, "dtype" in given ? given : randomConstant(given, random));
  }
  const nodes = lines
    .trim()
    .split("\n")
    .map((line) => readLine(line.trim(), found));
  return {
    inputs: Object.entries(inputs).map(([name, shape]) => ({ name, dtype: "f32", shape })),
    outputs: outputs ?? [nodes.at(-1)!.outputs[0]!],
    nodes,
    constants: found,
  };
}

export function i64s(...values: number[]): Constant {
  return { dtype: "i64", shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

/** Between 0.5 and 1.5: what is divided by and rooted stays away from 0. */
function randomConstant(shape: readonly number[], random: () => number): Constant {
  const count = shape.reduce((product, size) => product * size, 1);
  return { dtype: "f32", shape, data: Float32Array.from({ length: count }, () => 0.5 + random()) };
}

/** xorshift32, 0 to 1. */
export function createRandom(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

function readLine(line: string, constants: Map<string, Constant>): Node {
  const [, outputs = "", op = "", inside = ""] = /^(.+?) = (\w+)\((.*)\)$/.exec(line) ?? [];
  const [inputs = "", attributes = ""] = inside.split("; ");
  return {
    name: op === "" ? line : `${op}:${outputs}`,
    domain: "",
    op,
    inputs: inputs.split(", ").map((name) => readInput(name, constants)),
    outputs: outputs.split(", "),
    attributes: new Map(attributes === "" ? [] : attributes.split(", ").map(readAttribute)),
  };
}

function readInput(name: string, constants: Map<string, Constant>): string {
  if (name === "" || Number.isNaN(Number(name))) return name;
  constants.set(name, { dtype: "f32", shape: [], data: Float32Array.of(Number(name)) });
  return name;
}

function readAttribute(text: string): [string, Attribute] {
  const [name = "", value = ""] = text.split("=");
  const numbers = value.split(" ").map(Number);
  if (numbers.some(Number.isNaN)) return [name, value];
  return [name, numbers.length === 1 ? numbers[0]! : numbers];
}
