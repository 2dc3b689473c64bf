// Matrix products of quantized tensors: sums in i32, which one rounding brings back to int8.
import { equalSizes, keyOf, product, type Size } from "../dimension.ts";
import type { Constant } from "../graph.ts";
import type { Layer } from "../layer.ts";
import { identityOrder, type Value } from "../value.ts";
import type { Quantization } from "./context.ts";
import { swapInner } from "./image.ts";
import * as ops from "./ops.ts";
import { withMatrices } from "./product.ts";
import {
  asSigned,
  asType,
  byteType,
  createQuantized,
  integers,
  offsetOf,
  outputType,
  perChannel,
  quantizedTensor,
  ratios,
  readOperand,
  readQuantization,
  readScales,
  readZeroPoints,
  zeroPointValue,
} from "./quantization.ts";
import { quantizeDynamically } from "./quantize.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** Sums of products of int8 weights are exact in i32 up to here. */
export const MAX_INPUTS = 65_535;

/** (a − aZero)·(b − bZero) as i32. Zero points (i32) are one for all, or one a row of a or a column of b. */
export function integerProduct(node: Scope, a: Value, b: Value, aZero: Value, bZero: Value): Value {
  byteType(node, a);
  byteType(node, b);
  const weights = packedWeights(b, bZero);
  if (weights !== null && equalSizes(product(aZero.shape), 1)) return multiplyPacked(node, a, weights, aZero);
  // Matrices that all meet the same b are one.
  if (a.shape.length > 2 && b.shape.length === 2) {
    const lead = a.shape.slice(0, -1);
    const flat = ops.reshape(node, a, [product(lead), a.shape.at(-1)!]);
    return ops.reshape(node, integerProduct(node, flat, b, aZero, bZero), [...lead, b.shape[1]!]);
  }
  const [rows, inner] = a.shape.slice(-2) as [Size, Size];
  const [depth, columns] = b.shape.slice(-2) as [Size, Size];
  if (!equalSizes(inner, depth)) node.refuse(`${keyOf(inner)} columns times ${keyOf(depth)} rows`);
  const isOne = (zero: Value, size: Size) =>
    equalSizes(product(zero.shape), 1) || equalSizes(product(zero.shape), size);
  if (!isOne(aZero, rows) || !isOne(bZero, columns))
    node.refuse(
      `${keyOf(product(aZero.shape))} and ${keyOf(product(bZero.shape))} zero points; want one each, or ${keyOf(rows)} and ${keyOf(columns)}`,
    );
  const batch = ops.broadcastShapes(node, [a.shape.slice(0, -2), b.shape.slice(0, -2), []]);
  const { context } = node;
  const [left, right] = [context.place(a), context.place(b)];
  const { tensor, value } = ops.result(node, "i32", [...batch, rows, columns]);
  const inputs = [left.tensor, right.tensor, context.contiguous(aZero), context.contiguous(bZero)];
  context.builder.op("matmul_integer", node.name, inputs, [tensor], {
    aOrder: ops.placesOf(left.order),
    bOrder: ops.placesOf(right.order),
  });
  return value;
}

/** A constant matrix of bytes whose zero points leave it in int8, as a layer; null for others. */
function packedWeights(
  { constant }: Value,
  { constant: zero }: Value,
): Extract<Layer, { format: "qc8w" }> | null {
  if (constant?.shape.length !== 2 || (constant.dtype !== "i8" && constant.dtype !== "u8")) return null;
  const offset = offsetOf(constant.dtype);
  const [inputs, outputs] = constant.shape as [number, number];
  if (zero?.dtype !== "i32" || inputs > MAX_INPUTS || !zero.data.every((each) => each === offset))
    return null;
  const weights = swapInner(
    Int8Array.from(constant.data, (byte) => byte - offset),
    1,
    inputs,
    outputs,
  );
  const head = { bias: new Int32Array(outputs), scale: new Float32Array(outputs).fill(1) };
  return { format: "qc8w", outputs, inputs, weights, ...head };
}

function multiplyPacked(node: Scope, a: Value, weights: Layer, aZero: Value): Value {
  const inner = a.shape.at(-1)!;
  if (!equalSizes(inner, weights.inputs)) node.refuse(`${keyOf(inner)} columns times ${weights.inputs} rows`);
  const { context } = node;
  const inputs = [context.contiguous(a), context.contiguous(aZero)];
  const { tensor, value } = ops.result(node, "i32", [...a.shape.slice(0, -1), weights.outputs]);
  context.builder.op("gemm_integer", node.name, inputs, [tensor], { weights });
  return value;
}

/** Sums in i32 as int8; channels, each with its scale and bias, lie side by side in the tensor that holds them. */
export function requantized(
  node: Scope,
  sums: Value,
  scales: Float32Array,
  bias: Int32Array | null,
  output: Quantization,
): Value {
  const { context } = node;
  const place = context.place(sums);
  // A single channel is an axis of 1, which may stand anywhere in a tensor that was reshaped.
  const isLast = equalSizes(sums.shape[place.order.at(-1) ?? 0] ?? 1, scales.length);
  const order = isLast ? place.order : identityOrder(sums.shape.length);
  const source = context.arranged(sums, order);
  const inputs = [source, context.contiguous(ops.floats(node, "scales", [scales.length], scales))];
  if (bias !== null) inputs.push(context.contiguous(integers(node, "bias", bias)));
  const { tensor, value } = createQuantized(node, sums.shape, order, output);
  context.builder.op("requantize", node.name, inputs, [tensor], {});
  return value;
}

/** Constant weights in int8 without zero points: what the packed products take. */
export interface Filters {
  /** (outputs, inputs, taps) */
  readonly weights: Int8Array;
  readonly bias: Int32Array | null;
  readonly scales: Float32Array;
  readonly outputs: number;
  readonly inputs: number;
  readonly taps: number;
}

/** The layer of the engine; its bias takes the input's zero point out of the sums. */
export function packable({ weights, bias, scales, outputs, inputs, taps }: Filters, zeroPoint: number) {
  const each = inputs * taps;
  const sums = Int32Array.from({ length: outputs }, (_, output) => {
    const sum = weights
      .subarray(output * each, (output + 1) * each)
      .reduce((total, weight) => total + weight, 0);
    return (bias?.[output] ?? 0) - zeroPoint * sum;
  });
  return { format: "qc8w" as const, outputs, inputs: each, weights, bias: sums, scale: scales };
}

/** Of a product in int8. */
export const WHOLE_RANGE = {
  min: -128,
  max: 127,
  activation: ops.PLAIN_OUTPUT.activation,
  offset: 0,
} as const;

/** The last axis of a value in int8 times weights of one tap. */
function denseQuantized(
  node: Scope,
  value: Value,
  input: Quantization,
  filters: Filters,
  output: Quantization,
): Value {
  const rank = value.shape.length;
  const tensor = quantizedTensor(node, value, identityOrder(rank), input);
  const result = createQuantized(
    node,
    [...value.shape.slice(0, -1), filters.outputs],
    identityOrder(rank),
    output,
  );
  const weights = packable(filters, input.zeroPoint);
  node.context.builder.op("gemm", node.name, [tensor], [result.tensor], {
    weights,
    format: ops.TYPED,
    ...WHOLE_RANGE,
  });
  return result.value;
}

export const isZero = (list: Int32Array): boolean => list.every((each) => each === 0);

/** A constant matrix (inputs, outputs) in int8 without zero points that is not too deep; null for others. */
function constantMatrix(value: Value, zeroPoints: Int32Array): (Constant & { data: Int8Array }) | null {
  const { constant } = value;
  if (constant?.dtype !== "i8" || constant.shape.length !== 2 || !isZero(zeroPoints)) return null;
  return constant.shape[0]! <= MAX_INPUTS ? constant : null;
}

function qlinearMatMul(node: Scope): void {
  const a = readOperand(node, 0);
  const given = node.input(3);
  const scales = readScales(node, 4);
  const bZero = readZeroPoints(node, 5, byteType(node, given), scales.length);
  const dtype = outputType(node, 7);
  const output = readQuantization(node, 6, dtype);
  const steps = ratios(node, a.scale, scales, output.scale);
  const result = withMatrices(node, a.value, asSigned(node, given), (left, right) => {
    const outputs = right.shape.at(-1)!;
    if (typeof outputs !== "number") throw node.refuse("as many columns as the request says");
    const perColumn = perChannel(node, steps, outputs);
    const matrix = constantMatrix(right, bZero);
    if (matrix === null) {
      const zeroPoint = integers(node, "zero", Int32Array.of(a.zeroPoint));
      const sums = integerProduct(node, left, right, zeroPoint, integers(node, "zeros", bZero));
      return requantized(node, sums, perColumn, null, output);
    }
    const inputs = matrix.shape[0]!;
    if (!equalSizes(left.shape.at(-1)!, inputs))
      node.refuse(`${keyOf(left.shape.at(-1)!)} columns times ${inputs} rows`);
    const weights = swapInner(matrix.data, 1, inputs, outputs);
    return denseQuantized(
      node,
      left,
      a,
      { weights, bias: null, scales: perColumn, outputs, inputs, taps: 1 },
      output,
    );
  });
  node.set(0, asType(node, result, dtype));
}

function matmulInteger(node: Scope): void {
  const [a, b] = [node.input(0), node.input(1)];
  const [aZero, bZero] = [
    zeroPointValue(node, 2, byteType(node, a)),
    zeroPointValue(node, 3, byteType(node, b)),
  ];
  node.set(
    0,
    withMatrices(node, a, b, (left, right) => integerProduct(node, left, right, aZero, bZero)),
  );
}

/** f32(sums) · scale + bias. */
function scaledProduct(
  node: Scope,
  [a, b]: readonly [Value, Value],
  [aZero, bZero]: readonly [Value, Value],
  scale: Value,
  bias: Value | null,
): Value {
  const sums = withMatrices(node, a, b, (left, right) => integerProduct(node, left, right, aZero, bZero));
  const scaled = ops.binary(node, "mul", ops.cast(node, sums, "f32"), scale);
  return bias === null ? scaled : ops.binary(node, "add", scaled, bias);
}

function matmulIntegerToFloat(node: Scope): void {
  const [a, b] = [node.input(0), node.input(1)];
  const [aZero, bZero] = [
    zeroPointValue(node, 4, byteType(node, a)),
    zeroPointValue(node, 5, byteType(node, b)),
  ];
  const scale = ops.binary(node, "mul", node.input(2), node.input(3));
  node.set(0, scaledProduct(node, [a, b], [aZero, bZero], scale, node.optional(6)));
}

function dynamicQuantizeMatMul(node: Scope): void {
  const b = node.input(1);
  const { value, scale, zeroPoint } = quantizeDynamically(node, node.input(0));
  const bZero = zeroPointValue(node, 3, byteType(node, b));
  const product = ops.binary(node, "mul", scale, node.input(2));
  const aZero = ops.cast(node, zeroPoint, "i32");
  node.set(0, scaledProduct(node, [value, b], [aZero, bZero], product, node.optional(4)));
}

/** alpha · A'·B' + C, C in i32; without an output scale the result is f32. */
function qgemm(node: Scope): void {
  const a = readOperand(node, 0);
  const given = node.input(3);
  const scales = readScales(node, 4);
  const bZero = readZeroPoints(node, 5, byteType(node, given), scales.length);
  const flipped = (value: Value, attribute: string) =>
    node.number(attribute, 0) === 1 ? ops.transpose(node, value, [1, 0]) : value;
  const left = flipped(a.value, "transA");
  const right = flipped(asSigned(node, given), "transB");
  const outputs = right.shape[1];
  // The fusions make a QGemm of a MatMul with a bias, whose A may have batches.
  if (left.shape.length < 2 || right.shape.length !== 2 || typeof outputs !== "number")
    throw node.refuse("want matrices");
  const alpha = Math.fround(node.number("alpha", 1));
  const zeroPoint = integers(node, "zero", Int32Array.of(a.zeroPoint));
  const product = integerProduct(node, left, right, zeroPoint, integers(node, "zeros", bZero));
  const c = node.optional(6);
  const sums = c === null ? product : ops.binary(node, "add", product, c);
  if (node.optional(7) === null) {
    const steps = perChannel(node, ratios(node, Math.fround(alpha * a.scale), scales, 1), outputs);
    node.set(
      0,
      ops.binary(node, "mul", ops.cast(node, sums, "f32"), ops.floats(node, "scales", [outputs], steps)),
    );
    return;
  }
  const dtype = outputType(node, 8);
  const output = readQuantization(node, 7, dtype);
  const steps = perChannel(node, ratios(node, Math.fround(alpha * a.scale), scales, output.scale), outputs);
  node.set(0, asType(node, requantized(node, sums, steps, null, output), dtype));
}

export const QUANTIZED_PRODUCTS: LowerTable = {
  MatMulInteger: matmulInteger,
  QLinearMatMul: qlinearMatMul,
  "com.microsoft.MatMulIntegerToFloat": matmulIntegerToFloat,
  "com.microsoft.DynamicQuantizeMatMul": dynamicQuantizeMatMul,
  "com.microsoft.QGemm": qgemm,
};
