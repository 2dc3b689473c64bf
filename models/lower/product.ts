// Matrix products.
import { product, type Size } from "../dimension.ts";
import type { Value } from "../value.ts";
import { binary, dense, matmul, reshape, scalar, transpose } from "./ops.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** (rows, columns) → (columns, rows) */
export function transposeMatrix(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = data[row * columns + column]!;
  }
  return result;
}

/** Products of matrices for operands of any rank: a vector is a matrix of one row or column, whose axis is dropped. */
export function withMatrices(
  node: Scope,
  a: Value,
  b: Value,
  multiply: (left: Value, right: Value) => Value,
): Value {
  const left = a.shape.length === 1 ? reshape(node, a, [1, ...a.shape]) : a;
  const right = b.shape.length === 1 ? reshape(node, b, [...b.shape, 1]) : b;
  const whole = multiply(left, right);
  const rank = whole.shape.length;
  const dropped = [...(a.shape.length === 1 ? [rank - 2] : []), ...(b.shape.length === 1 ? [rank - 1] : [])];
  if (dropped.length === 0) return whole;
  return reshape(
    node,
    whole,
    whole.shape.filter((_, axis) => !dropped.includes(axis)),
  );
}

/** alpha · a·b; with constant weights b, alpha is in them. */
export function multiplyMatrices(node: Scope, a: Value, b: Value, alpha = 1): Value {
  return withMatrices(node, a, b, (left, right) => {
    const { constant } = right;
    if (constant?.dtype !== "f32" || constant.shape.length !== 2) return matmul(node, left, right, alpha);
    const [inputs, outputs] = constant.shape as [number, number];
    const weights = transposeMatrix(constant.data, inputs, outputs);
    const scaled = alpha === 1 ? weights : weights.map((each) => each * alpha);
    return dense(node, left, { outputs, inputs, weights: scaled, bias: new Float32Array(outputs) });
  });
}

function matmulOperator(node: Scope): void {
  node.set(0, multiplyMatrices(node, node.input(0), node.input(1)));
}

/** alpha · A'·B' + beta · C */
export function gemm(node: Scope): void {
  const alpha = node.number("alpha", 1);
  const beta = node.number("beta", 1);
  const given = node.input(0);
  const a = node.number("transA", 0) === 1 ? transpose(node, given, [1, 0]) : given;
  const b = node.input(1);
  const transposed = node.number("transB", 0) === 1;
  const c = node.optional(2);
  const constant = b.constant?.dtype === "f32" ? b.constant : null;
  if (constant !== null && b.constant !== null) {
    const [rows, columns] = constant.shape as [number, number];
    const [inputs, outputs] = transposed ? [columns, rows] : [rows, columns];
    const bias = constantBias(c, outputs);
    const scaled = (data: Float32Array, factor: number) =>
      factor === 1 ? data : data.map((each) => each * factor);
    const data = constant.data as Float32Array;
    const weights = scaled(transposed ? data : transposeMatrix(data, rows, columns), alpha);
    const whole = dense(node, a, {
      outputs,
      inputs,
      weights,
      bias: scaled(bias ?? new Float32Array(outputs), beta),
    });
    node.set(0, bias === null && c !== null ? addScaled(node, whole, c, beta) : whole);
    return;
  }
  const whole = matmul(node, a, transposed ? transpose(node, b, [1, 0]) : b, alpha);
  node.set(0, c === null ? whole : addScaled(node, whole, c, beta));
}

/** The bias of each output, where C is one row or one number. */
function constantBias(c: Value | null, outputs: number): Float32Array | null {
  if (c?.constant?.dtype !== "f32") return null;
  const { data, shape } = c.constant;
  if (data.length === 1) return new Float32Array(outputs).fill(data[0]!);
  return data.length === outputs && shape.at(-1) === outputs ? data : null;
}

function addScaled(node: Scope, value: Value, c: Value, beta: number): Value {
  if (beta === 0) return value;
  return binary(node, "add", value, beta === 1 ? c : binary(node, "mul", c, scalar(node, "f32", beta)));
}

/**
 * Products of two tensors (or one, transposed or summed is refused): labels are batch, rows, columns or the inner ones.
 */
function einsum(node: Scope): void {
  const equation = node.text("equation").replaceAll(" ", "");
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  if (left.includes(".") || terms.length !== node.inputCount || terms.length > 2) {
    node.refuse(`equation ${equation}; one or two operands without an ellipsis are supported`);
  }
  const output = right ?? defaultLabels(left.replace(",", ""));
  const operands = terms.map((labels, index) => ({ labels: [...labels], value: node.input(index) }));
  for (const { labels, value } of operands) {
    if (new Set(labels).size !== labels.length || labels.length !== value.shape.length)
      node.refuse(`equation ${equation}`);
  }
  const sizes = new Map<string, Size>();
  for (const { labels, value } of operands)
    for (const [axis, label] of labels.entries()) sizes.set(label, value.shape[axis]!);
  const [a, b] = operands as [(typeof operands)[0], (typeof operands)[0] | undefined];
  if (b === undefined) {
    if (output.length !== a.labels.length) node.refuse(`equation ${equation} sums one operand`);
    node.set(0, arrange(node, a.value, a.labels, [...output]));
    return;
  }
  const kept = [...output];
  const batch = kept.filter((label) => a.labels.includes(label) && b.labels.includes(label));
  const rows = kept.filter((label) => a.labels.includes(label) && !b.labels.includes(label));
  const columns = kept.filter((label) => b.labels.includes(label) && !a.labels.includes(label));
  const inner = a.labels.filter((label) => !kept.includes(label));
  const alone = (labels: readonly string[]) =>
    labels
      .filter((label) => !kept.includes(label))
      .sort()
      .join();
  if (alone(a.labels) !== alone(b.labels)) node.refuse(`equation ${equation} sums an axis of one operand`);
  const size = (labels: readonly string[]) => product(labels.map((label) => sizes.get(label)!));
  const batchSizes = batch.map((label) => sizes.get(label)!);
  const shaped = (operand: typeof a, first: string[], second: string[]) =>
    reshape(node, arrange(node, operand.value, operand.labels, [...batch, ...first, ...second]), [
      ...batchSizes,
      size(first),
      size(second),
    ]);
  const whole = matmul(node, shaped(a, rows, inner), shaped(b, inner, columns));
  const labels = [...batch, ...rows, ...columns];
  const spread = reshape(
    node,
    whole,
    labels.map((label) => sizes.get(label)!),
  );
  node.set(0, arrange(node, spread, labels, kept));
}

function arrange(node: Scope, value: Value, from: readonly string[], to: readonly string[]): Value {
  return transpose(
    node,
    value,
    to.map((label) => from.indexOf(label)),
  );
}

/** Labels that appear once, in alphabetical order. */
function defaultLabels(labels: string): string {
  return [...labels]
    .filter((label) => labels.split(label).length === 2)
    .sort()
    .join("");
}

/** x · weights (inputs, outputs) + bias, which the fusions make of a MatMul and what follows it. */
function linear(node: Scope): void {
  const [weights, bias] = [node.constant(1), node.constant(2)];
  const [inputs, outputs] = weights.shape as [number, number];
  if (weights.dtype !== "f32" || bias.dtype !== "f32" || bias.data.length !== outputs)
    node.refuse("its weights");
  const transposed = transposeMatrix(weights.data, inputs, outputs);
  node.set(0, dense(node, node.input(0), { outputs, inputs, weights: transposed, bias: bias.data }));
}

export const PRODUCT: LowerTable = {
  MatMul: matmulOperator,
  Gemm: gemm,
  "quorate.Linear": linear,
  Einsum: einsum,
};
