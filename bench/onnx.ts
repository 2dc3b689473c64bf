// Writes the one ONNX model the benchmark needs: `nodes` equal MatMulInteger nodes over one constant matrix.
// Protocol Buffers by hand, field numbers from onnx.proto; not a general writer.

const UINT8 = 2;
const INT8 = 3;
const INT32 = 6;

/** Bytes of a model: input "a" uint8 (rows, inputs), outputs "y0".. int32 (rows, outputs). */
export function encodeMatMulInteger(
  rows: number,
  inputs: number,
  outputs: number,
  nodes: number,
  weights: Int8Array,
): Uint8Array {
  const graph: number[][] = [];
  for (let i = 0; i < nodes; i++) {
    const node = [text(1, "a"), text(1, "b"), text(2, `y${i}`), text(4, "MatMulInteger")];
    graph.push(message(1, node));
  }
  graph.push(text(2, "gemm"));
  const raw = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  const tensor = [number(1, inputs), number(1, outputs), number(2, INT8), text(8, "b"), bytes(9, raw)];
  graph.push(message(5, tensor));
  graph.push(message(11, valueInfo("a", UINT8, [rows, inputs])));
  for (let i = 0; i < nodes; i++) graph.push(message(12, valueInfo(`y${i}`, INT32, [rows, outputs])));
  const opset = message(8, [text(1, ""), number(2, 13)]);
  return Uint8Array.from([...number(1, 8), ...opset, ...message(7, graph)]);
}

function valueInfo(name: string, type: number, shape: readonly number[]): number[][] {
  const dimensions = shape.map((size) => message(1, [number(1, size)]));
  const tensorType = message(1, [number(1, type), message(2, dimensions)]);
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
