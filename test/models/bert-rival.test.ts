// An encoder as PyTorch exports BERT: shapes computed from the request's, normalization, attention and GELU in parts.
// The whole way, from file to output, against onnxruntime-web.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AttributeSpec, f32, INT64, i64, type NodeSpec, type TensorSpec } from "./import/encode-onnx.ts";
import { assertRival, weights } from "./rival.ts";

const [hidden, heads, size, inner] = [12, 3, 4, 20];
const ints = (...values: number[]): AttributeSpec => ({ ints: values });
const int = (value: number): AttributeSpec => ({ int: value });

/** Collects nodes and initializers, and names what they make. */
class Exporter {
  readonly nodes: NodeSpec[] = [];
  readonly initializers: TensorSpec[] = [];
  readonly opset: number;
  /** Masks are of bool. */
  readonly isCausal: boolean;

  constructor(opset: number, isCausal = false) {
    this.opset = opset;
    this.isCausal = isCausal;
  }

  op(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeSpec>> = {},
  ): string {
    const output = `${op}${this.nodes.length}`;
    this.nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  }

  constant(tensor: (name: string) => TensorSpec): string {
    const name = `c${this.initializers.length}`;
    this.initializers.push(tensor(name));
    return name;
  }

  scalar(value: number): string {
    return this.constant((name) => f32(name, [], [value]));
  }

  integers(...values: number[]): string {
    return this.constant((name) => i64(name, [values.length], values));
  }

  /** Axes are an attribute until opset 12, and of means until 17. */
  unsqueeze(x: string, axis: number): string {
    if (this.opset < 13) return this.op("Unsqueeze", [x], { axes: ints(axis) });
    return this.op("Unsqueeze", [x, this.integers(axis)]);
  }

  mean(x: string): string {
    return this.op("ReduceMean", [x], { axes: ints(-1) });
  }

  linear(x: string, inputs: number, outputs: number): string {
    const product = this.op("MatMul", [x, this.constant((name) => weights(name, inputs, outputs))]);
    return this.op("Add", [this.constant((name) => weights(name, outputs)), product]);
  }

  normalize(x: string): string {
    const centred = this.op("Sub", [x, this.mean(x)]);
    const variance = this.mean(this.op("Pow", [centred, this.scalar(2)]));
    const deviation = this.op("Sqrt", [this.op("Add", [variance, this.scalar(1e-6)])]);
    const normal = this.op("Div", [centred, deviation]);
    const scaled = this.op("Mul", [normal, this.constant((name) => weights(name, hidden))]);
    return this.op("Add", [scaled, this.constant((name) => weights(name, hidden))]);
  }

  /** x in a shape whose first two sizes are its own. */
  reshape(x: string, ...rest: number[]): string {
    const own = [0, 1].map((axis) => {
      const index = this.constant((name) => i64(name, [], [axis]));
      return this.unsqueeze(this.op("Gather", [this.op("Shape", [x]), index], { axis: int(0) }), 0);
    });
    const sizes = rest.map((each) => this.integers(each));
    return this.op("Reshape", [x, this.op("Concat", [...own, ...sizes], { axis: int(0) })]);
  }

  heads(x: string, ...perm: number[]): string {
    const spread = this.reshape(this.linear(x, hidden, hidden), heads, size);
    return this.op("Transpose", [spread], { perm: ints(...perm) });
  }

  attention(x: string, mask: string): string {
    const [q, k, v] = [this.heads(x, 0, 2, 1, 3), this.heads(x, 0, 2, 3, 1), this.heads(x, 0, 2, 1, 3)];
    const scores = this.op("Div", [this.op("MatMul", [q, k]), this.scalar(2)]);
    const masked = this.isCausal
      ? this.op("Where", [mask, scores, this.scalar(-3.4e38)])
      : this.op("Add", [scores, mask]);
    const shares = this.op("Softmax", [masked], { axis: int(this.opset < 13 ? 3 : -1) });
    const mixed = this.op("Transpose", [this.op("MatMul", [shares, v])], { perm: ints(0, 2, 1, 3) });
    return this.linear(this.reshape(mixed, hidden), hidden, hidden);
  }

  gelu(x: string): string {
    const curve = this.op("Erf", [this.op("Div", [x, this.scalar(Math.SQRT2)])]);
    const gated = this.op("Mul", [x, this.op("Add", [curve, this.scalar(1)])]);
    return this.op("Mul", [gated, this.scalar(0.5)]);
  }

  layer(x: string, mask: string): string {
    const attended = this.normalize(this.op("Add", [this.attention(x, mask), x]));
    const wide = this.gelu(this.linear(attended, hidden, inner));
    return this.normalize(this.op("Add", [this.linear(wide, inner, hidden), attended]));
  }

  embed(ids: string): string {
    const count = this.op("Gather", [this.op("Shape", [ids]), this.integers(1)], { axis: int(0) });
    const all = this.constant((name) =>
      i64(
        name,
        [1, 16],
        Array.from({ length: 16 }, (_, at) => at),
      ),
    );
    const places = this.op("Slice", [all, this.integers(0), count, this.integers(1), this.integers(1)]);
    const words = this.op("Gather", [this.constant((name) => weights(name, 30, hidden)), ids]);
    const placed = this.op("Gather", [this.constant((name) => weights(name, 16, hidden)), places]);
    return this.normalize(this.op("Add", [words, placed]));
  }

  /** The corner of a triangle. */
  causal(ids: string): string {
    const raw = Uint8Array.from({ length: 256 }, (_, at) => Number(at % 16 <= Math.floor(at / 16)));
    const triangle = this.constant((name) => ({ name, type: BOOL, dims: [1, 1, 16, 16], raw }));
    const count = this.op("Gather", [this.op("Shape", [ids]), this.integers(1)], { axis: int(0) });
    return [2, 3].reduce(
      (corner, axis) => this.op("Slice", [corner, this.integers(0), count, this.integers(axis)]),
      triangle,
    );
  }

  mask(mask: string): string {
    const spread = this.unsqueeze(this.unsqueeze(mask, 1), 2);
    const reals = this.op("Cast", [spread], { to: int(1) });
    return this.op("Mul", [this.op("Sub", [this.scalar(1), reals]), this.scalar(-10000)]);
  }
}

const BOOL = 9;

/** The mask; places, words and their sum. */
const EMBEDDING = ["cast", "binary", "binary", "slice", "gather", "gather", "binary", "normalize"];
const LAYER = [
  ...["gemm", "gemm", "gemm", "attention", "gemm", "binary", "normalize"],
  ...["gemm", "unary", "gemm", "binary", "normalize"],
];

for (const opset of [11, 13, 17]) {
  test(`an encoder of two layers in opset ${opset} is what onnxruntime-web computes`, async () => {
    const exporter = new Exporter(opset);
    const mask = exporter.mask("mask");
    const output = exporter.layer(exporter.layer(exporter.embed("ids"), mask), mask);
    const { nodes, initializers } = exporter;
    const declared = ["batch", "tokens"];
    const ids = [5, 2, 29, 0, 7, 3, 8, 8, 1, 4];
    const program = await assertRival({ opset, nodes, initializers, outputs: [output] }, [
      { name: "ids", type: INT64, shape: [2, 5], declared, values: ids },
      { name: "mask", type: INT64, shape: [2, 5], declared, values: [1, 1, 1, 0, 0, 1, 1, 1, 1, 1] },
    ]);
    assert.deepEqual(
      program.ops.map(({ kind }) => kind),
      [...EMBEDDING, ...LAYER, ...LAYER],
    );
  });
}

test("a decoder with a triangle of bool is what onnxruntime-web computes", async () => {
  const exporter = new Exporter(17, true);
  const output = exporter.layer(exporter.embed("ids"), exporter.causal("ids"));
  const { nodes, initializers } = exporter;
  const program = await assertRival({ opset: 17, nodes, initializers, outputs: [output] }, [
    { name: "ids", type: INT64, shape: [2, 3], declared: ["batch", "tokens"], values: [5, 2, 29, 0, 7, 3] },
  ]);
  const kinds = program.ops.map(({ kind }) => kind);
  assert.deepEqual(
    kinds.filter((kind) => ["attention", "select", "softmax"].includes(kind)),
    ["select", "attention"],
  );
});
