// Activations, which graph models fuse into other operators and layers models name: one spelling for both.
import { entryOf } from "../../entry.ts";
import type { Constant } from "../../graph.ts";
import { float32 } from "./builder.ts";

export interface ActivationBuilder {
  emit(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, number>>): string;
  constant(constant: Constant): string;
}

type Activate = (builder: ActivationBuilder, value: string) => string;

const unary =
  (op: string, attributes?: Readonly<Record<string, number>>): Activate =>
  (builder, value) =>
    builder.emit(op, [value], attributes);

/** By the name that Keras uses; TensorFlow's fused operators differ from it in capitals only. */
const ACTIVATIONS: Readonly<Record<string, Activate>> = {
  elu: unary("Elu", { alpha: 1 }),
  gelu: (builder, value) => {
    const half = builder.constant(float32(0.5));
    const scaled = builder.emit("Mul", [value, builder.constant(float32(Math.SQRT1_2))]);
    const cumulative = builder.emit("Add", [builder.emit("Erf", [scaled]), builder.constant(float32(1))]);
    return builder.emit("Mul", [builder.emit("Mul", [value, half]), cumulative]);
  },
  hardsigmoid: unary("HardSigmoid", { alpha: 0.2, beta: 0.5 }),
  linear: (_, value) => value,
  logsoftmax: unary("LogSoftmax", { axis: -1 }),
  relu: unary("Relu"),
  relu6: (builder, value) => clip(builder, value, 0, 6),
  selu: unary("Selu"),
  sigmoid: unary("Sigmoid"),
  softmax: unary("Softmax", { axis: -1 }),
  softplus: unary("Softplus"),
  softsign: unary("Softsign"),
  swish: (builder, value) => builder.emit("Mul", [value, builder.emit("Sigmoid", [value])]),
  tanh: unary("Tanh"),
};

export function clip(builder: ActivationBuilder, value: string, low: number, high: number): string {
  return builder.emit("Clip", [value, builder.constant(float32(low)), builder.constant(float32(high))]);
}

/** `value` activated; null for an activation that is not known. */
export function activate(builder: ActivationBuilder, name: string, value: string): string | null {
  const key = name.toLowerCase().replaceAll("_", "");
  return entryOf(ACTIVATIONS, key)?.(builder, value) ?? null;
}
