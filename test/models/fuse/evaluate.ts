// Computes small graphs in f64, as plainly as their definitions say: what a fusion must not change.
import type { Constant, Graph, Node } from "../../../models/graph.ts";

export interface Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** The outputs of a graph, in its order. */
export function evaluate(graph: Graph, inputs: ReadonlyMap<string, Constant>): Value[] {
  const values = new Map<string, Value>();
  for (const [name, { shape, data }] of [...graph.constants, ...inputs]) {
    values.set(name, { shape, data: [...data].map(Number) });
  }
  for (const node of graph.nodes) {
    const given = node.inputs.map((name) => values.get(name)!);
    values.set(node.outputs[0]!, compute(node, given));
  }
  return graph.outputs.map((name) => values.get(name)!);
}

const UNARY: Record<string, (x: number) => number> = {
  Identity: (x) => x,
  Relu: (x) => Math.max(0, x),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Silu: (x) => x / (1 + Math.exp(-x)),
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Tanh: Math.tanh,
  Erf: erf,
  HardSwish: (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6,
};

const BINARY: Record<string, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
};

function compute(node: Node, inputs: readonly Value[]): Value {
  const [first, second, third] = inputs as [Value, Value, Value];
  const number = (name: string, otherwise: number) => Number(node.attributes.get(name) ?? otherwise);
  const unary = UNARY[node.op];
  if (unary !== undefined) return { ...first, data: first.data.map(unary) };
  const binary = BINARY[node.op];
  if (binary !== undefined) return broadcast(first, second, binary);
  switch (node.op) {
    case "HardSigmoid": {
      const [alpha, beta] = [number("alpha", 0.2), number("beta", 0.5)];
      return { ...first, data: first.data.map((x) => Math.min(1, Math.max(0, alpha * x + beta))) };
    }
    case "Clip":
      return {
        ...first,
        data: first.data.map((x) => Math.min(third.data[0]!, Math.max(second.data[0]!, x))),
      };
    case "Gelu": {
      const isErf = node.attributes.get("approximate") === "none";
      const cubic = (x: number) => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
      return {
        ...first,
        data: first.data.map((x) => (x / 2) * (1 + (isErf ? erf(x / Math.SQRT2) : cubic(x)))),
      };
    }
    case "ReduceMean":
      return overLast(first, second.data.length, (row) => {
        const mean = row.reduce((sum, x) => sum + x, 0) / row.length;
        return [mean];
      });
    case "LayerNormalization":
    case "RMSNormalization": {
      const isCentred = node.op === "LayerNormalization";
      const normalized = overLast(first, -number("axis", -1), (row) => {
        const mean = isCentred ? row.reduce((sum, x) => sum + x, 0) / row.length : 0;
        const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / row.length;
        return row.map((x) => (x - mean) / Math.sqrt(variance + number("epsilon", 1e-5)));
      });
      const scaled = broadcast(normalized, second, BINARY.Mul!);
      return third === undefined ? scaled : broadcast(scaled, third, BINARY.Add!);
    }
    case "BatchNormalization": {
      const [x, scale, bias, mean, variance] = inputs.map(({ data }) => data);
      const inner = x!.length / (first.shape[0]! * first.shape[1]!);
      const data = x!.map((value, index) => {
        const c = Math.floor(index / inner) % first.shape[1]!;
        return (
          ((value - mean![c]!) / Math.sqrt(variance![c]! + number("epsilon", 1e-5))) * scale![c]! + bias![c]!
        );
      });
      return { ...first, data };
    }
    case "Gemm": {
      const matrix = number("transB", 0) === 0 ? second : transpose(second);
      const product = matmul(first, matrix);
      return third === undefined ? product : broadcast(product, third, BINARY.Add!);
    }
    case "MatMul":
    case "Linear": {
      const product = matmul(first, second);
      return third === undefined ? product : broadcast(product, third, BINARY.Add!);
    }
    case "Conv":
      return conv(node, first, second, third);
    case "ConvTranspose":
      return convTranspose(node, first, second, third);
    default:
      throw new TypeError(`no evaluation of ${node.op}`);
  }
}

function broadcast(a: Value, b: Value, apply: (a: number, b: number) => number): Value {
  const rank = Math.max(a.shape.length, b.shape.length);
  const at = ({ shape }: Value, axis: number) => shape[axis - rank + shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(at(a, axis), at(b, axis)));
  const data = Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, index) => {
    const indices: number[] = [];
    let rest = index;
    for (let axis = rank - 1; axis >= 0; axis--) {
      indices[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const of = (value: Value) =>
      indices.reduce((offset, i, axis) => offset * at(value, axis) + (at(value, axis) === 1 ? 0 : i), 0);
    return apply(a.data[of(a)]!, b.data[of(b)]!);
  });
  return { shape, data };
}

function overLast({ shape, data }: Value, axes: number, apply: (row: readonly number[]) => number[]): Value {
  const size = shape.slice(-axes).reduce((x, y) => x * y, 1);
  const rows = Array.from({ length: data.length / size }, (_, row) =>
    apply(data.slice(row * size, (row + 1) * size)),
  );
  const isReduced = rows[0]!.length === 1;
  const last = isReduced ? shape.slice(-axes).map(() => 1) : shape.slice(-axes);
  return { shape: [...shape.slice(0, -axes), ...last], data: rows.flat() };
}

function matmul(a: Value, b: Value): Value {
  const [inner = 1, columns = 1] = b.shape;
  const rows = a.data.length / inner;
  const data = Array.from({ length: rows * columns }, (_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a.data[row * inner + k]! * b.data[k * columns + column]!;
    return sum;
  });
  return { shape: [...a.shape.slice(0, -1), columns], data };
}

function transpose({ shape: [rows = 1, columns = 1], data }: Value): Value {
  const turned = data.map((_, index) => data[(index % rows) * columns + Math.floor(index / rows)]!);
  return { shape: [columns, rows], data: turned };
}

/** Strides of 1, the same padding on every side. */
function conv(node: Node, x: Value, w: Value, b: Value | undefined): Value {
  const groups = Number(node.attributes.get("group") ?? 1);
  const [pad = 0] = (node.attributes.get("pads") ?? [0]) as number[];
  const [batch, , height, width] = x.shape as [number, number, number, number];
  const [outputs, inputs, kh, kw] = w.shape as [number, number, number, number];
  const [oh, ow] = [height + 2 * pad - kh + 1, width + 2 * pad - kw + 1];
  const data: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      const group = Math.floor(o / (outputs / groups));
      for (let p = 0; p < oh * ow; p++) {
        let sum = b?.data[o] ?? 0;
        for (let i = 0; i < inputs; i++) {
          for (let t = 0; t < kh * kw; t++) {
            const [row, column] = [Math.floor(p / ow) - pad + Math.floor(t / kw), (p % ow) - pad + (t % kw)];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            const at = ((n * groups * inputs + group * inputs + i) * height + row) * width + column;
            sum += x.data[at]! * w.data[(o * inputs + i) * kh * kw + t]!;
          }
        }
        data.push(sum);
      }
    }
  }
  return { shape: [batch, outputs, oh, ow], data };
}

/** Strides of 1, no padding. */
function convTranspose(node: Node, x: Value, w: Value, b: Value | undefined): Value {
  const groups = Number(node.attributes.get("group") ?? 1);
  const [batch, inputs, height, width] = x.shape as [number, number, number, number];
  const [, perGroup, kh, kw] = w.shape as [number, number, number, number];
  const [oh, ow, outputs] = [height + kh - 1, width + kw - 1, perGroup * groups];
  const data = Array.from(
    { length: batch * outputs * oh * ow },
    (_, at) => b?.data[Math.floor(at / (oh * ow)) % outputs] ?? 0,
  );
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < inputs; i++) {
      const group = Math.floor(i / (inputs / groups));
      for (let p = 0; p < height * width; p++) {
        for (let o = 0; o < perGroup; o++) {
          for (let t = 0; t < kh * kw; t++) {
            const [row, column] = [Math.floor(p / width) + Math.floor(t / kw), (p % width) + (t % kw)];
            const to = ((n * outputs + group * perGroup + o) * oh + row) * ow + column;
            data[to]! +=
              x.data[(n * inputs + i) * height * width + p]! * w.data[(i * perGroup + o) * kh * kw + t]!;
          }
        }
      }
    }
  }
  return { shape: [batch, outputs, oh, ow], data };
}

/** By its series, which converges for every x that a test uses. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
