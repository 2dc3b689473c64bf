// Writes the ONNX models the benchmarks need: `nodes` equal nodes of one operator over one input and constants.
// Protocol Buffers by hand, field numbers from onnx.proto; not a general writer.

const TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;
type ElementType = keyof typeof TYPES;

export interface Constant {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int8Array | Int32Array | Float32Array;
}

export interface RepeatedNode {
  readonly operator: string;
  /** Of the operator; empty for ONNX itself. */
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
  readonly input: { readonly type: ElementType; readonly shape: readonly number[] };
  /** The inputs behind the first. */
  readonly constants: readonly Constant[];
  readonly output: { readonly type: ElementType; readonly shape: readonly number[] };
}

/** Bytes of a model: input "x", outputs "y0".. of `nodes` nodes. */
export function encodeRepeated(node: RepeatedNode, nodes: number): Uint8Array {
  const { operator, domain = "", attributes = {}, input, constants, output } = node;
  const graph: number[][] = [];
  for (let i = 0; i < nodes; i++) {
    const inputs = ["x", ...constants.map((_, index) => `c${index}`)].map((name) => text(1, name));
    const fields = Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value));
    graph.push(message(1, [...inputs, text(2, `y${i}`), text(4, operator), ...fields, text(7, domain)]));
  }
  graph.push(text(2, operator));
  for (const [index, { type, shape, data }] of constants.entries()) {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dimensions = shape.map((size) => number(1, size));
    graph.push(message(5, [...dimensions, number(2, TYPES[type]), text(8, `c${index}`), bytes(9, raw)]));
  }
  graph.push(message(11, valueInfo("x", input)));
  for (let i = 0; i < nodes; i++) graph.push(message(12, valueInfo(`y${i}`, output)));
  const opsets = [message(8, [text(1, ""), number(2, 13)])];
  if (domain !== "") opsets.push(message(8, [text(1, domain), number(2, 1)]));
  return Uint8Array.from([...number(1, 8), ...opsets.flat(), ...message(7, graph)]);
}

function encodeAttribute(name: string, value: number | readonly number[]): number[] {
  const INT = 2;
  const INTS = 7;
  if (typeof value === "number") return message(5, [text(1, name), number(3, value), number(20, INT)]);
  return message(5, [text(1, name), ...value.map((each) => number(8, each)), number(20, INTS)]);
}

function valueInfo(name: string, { type, shape }: RepeatedNode["input"]): number[][] {
  const dimensions = shape.map((size) => message(1, [number(1, size)]));
  const tensorType = message(1, [number(1, TYPES[type]), message(2, dimensions)]);
  return [text(1, name), message(2, [tensorType])];
}

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest >>>= 7;
  }
  out.push(rest);
  return out;
}

function number(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)];
}

function bytes(field: number, value: Iterable<number>): number[] {
  const content = Array.from(value);
  return [...varint((field << 3) | 2), ...varint(content.length), ...content];
}

function text(field: number, value: string): number[] {
  return bytes(field, new TextEncoder().encode(value));
}

function message(field: number, parts: readonly number[][]): number[] {
  return bytes(field, parts.flat());
}
