// What ONNX Runtime's optimizer makes of ONNX's operators: activations by one name, products and convolutions with what
// stands before and behind them.

import type { UNARY } from "../../wasm/operators.ts";
import { transposeConstant } from "../constant.ts";
import { entryOf } from "../entry.ts";
import { identityOrder, type Value } from "../value.ts";
import { binary, F32_MAX, transpose, unary } from "./ops.ts";
import { gemm, multiplyMatrices } from "./product.ts";
import type { LowerNode, LowerTable, Scope } from "./scope.ts";
import { conv } from "./window.ts";

/** The activation of a sum, where a second input is given. */
function gelu(operator: "gelu" | "gelu_tanh"): LowerNode {
  return (node) => {
    const bias = node.optional(1);
    const value = bias === null ? node.input(0) : binary(node, "add", node.input(0), bias);
    node.set(0, unary(node, value, operator));
  };
}

/** x · sigmoid(alpha · x) */
function quickGelu(node: Scope): void {
  const value = node.input(0);
  const gate = unary(node, unary(node, value, "affine", node.number("alpha", 1.702)), "sigmoid");
  node.set(0, binary(node, "mul", value, gate));
}

/** alpha · A'·B'. With transBatch, the first axis stands behind the batch, as the rows. */
function fusedMatMul(node: Scope): void {
  const [a, b] = ["A", "B"].map((side, index) => {
    const value = node.input(index);
    const rank = value.shape.length;
    if (rank < 2) return value;
    const axes = identityOrder(rank);
    const order = node.number(`transBatch${side}`, 0) === 1 ? [...axes.slice(1, -1), 0, rank - 1] : axes;
    const last = order.slice(-2);
    const isTransposed = node.number(`trans${side}`, 0) === 1;
    const permutation = [...order.slice(0, -2), ...(isTransposed ? last.reverse() : last)];
    const { name, constant } = value;
    if (constant === null) return transpose(node, value, permutation);
    return node.context.constantValue(name, transposeConstant(constant, permutation));
  }) as [Value, Value];
  node.set(0, multiplyMatrices(node, a, b, node.number("alpha", 1)));
}

/** A layer, what is added to it, and the activation behind both. */
function activated(lower: LowerNode, numbersOf: (node: Scope) => readonly number[], addend = -1): LowerNode {
  return (node) => {
    lower(node);
    const layer = node.context.value(node.outputName());
    const added = node.optional(addend);
    const value = added === null ? layer : binary(node, "add", layer, added);
    const name = node.text("activation", "");
    const operator = entryOf(ACTIVATIONS, name);
    if (name !== "" && operator === undefined) node.refuse(`activation ${name}`);
    const given = numbersOf(node);
    const usual = entryOf(DEFAULTS, name) ?? [];
    const [alpha, beta] = usual.map((each, index) => given[index] ?? each);
    node.set(0, operator === undefined ? value : unary(node, value, operator, alpha, beta));
  };
}

const ACTIVATIONS: Readonly<Record<string, (typeof UNARY)[number]>> = {
  Relu: "relu",
  Tanh: "tanh",
  Sigmoid: "sigmoid",
  HardSwish: "hard_swish",
  Softplus: "softplus",
  Softsign: "softsign",
  Elu: "elu",
  LeakyRelu: "leaky_relu",
  HardSigmoid: "hard_sigmoid",
  Clip: "clip",
};

/** What an activation's numbers are where the node names none. */
const DEFAULTS: Readonly<Record<string, readonly number[]>> = {
  Elu: [1],
  LeakyRelu: [0.01],
  HardSigmoid: [0.2, 0.5],
  Clip: [-F32_MAX, F32_MAX],
};

const gemmNumbers = (node: Scope): number[] =>
  ["activation_alpha", "activation_beta"].filter((name) => node.has(name)).map((name) => node.number(name));

export const CONTRIB: LowerTable = {
  "com.microsoft.Gelu": gelu("gelu"),
  "com.microsoft.BiasGelu": gelu("gelu"),
  "com.microsoft.FastGelu": gelu("gelu_tanh"),
  "com.microsoft.QuickGelu": quickGelu,
  "com.microsoft.FusedMatMul": fusedMatMul,
  "com.microsoft.FusedGemm": activated(gemm, gemmNumbers),
  "com.microsoft.FusedConv": activated(conv, (node) => node.numbers("activation_params", []), 3),
};
