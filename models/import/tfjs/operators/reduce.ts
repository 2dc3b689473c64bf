// Reductions over axes.
import type { Translation, TranslationTable } from "../translation.ts";

const reduce = (op: string) => (node: Translation) => {
  const value = node.input(0);
  const keepdims = node.node.boolean(node.node.has("keepdims") ? "keepdims" : "keep_dims") ? 1 : 0;
  // No axes: TensorFlow leaves the value as it is, ONNX would reduce all of them.
  if (node.knownIntegers(1)?.length === 0) return value;
  const real = op === "ReduceMean" ? node.cast(value, "f32") : value;
  return node.emit(op, [real, node.vector(node.input(1))], { keepdims });
};

/** Truth values are reduced as integers. */
const reduceTruth = (op: string) => {
  const emit = reduce(op);
  return (node: Translation) => {
    const keepdims = node.node.boolean("keep_dims") ? 1 : 0;
    if (node.knownIntegers(1)?.length === 0) return emit(node);
    const reduced = node.emit(op, [node.cast(node.input(0), "i32"), node.vector(node.input(1))], {
      keepdims,
    });
    return node.cast(reduced, "bool");
  };
};

const argument = (op: string) => (node: Translation) => {
  const axis = node.integer(1, "an axis");
  return node.cast(node.emit(op, [node.input(0)], { axis, keepdims: 0 }), "i32");
};

export const REDUCE: TranslationTable = {
  All: reduceTruth("ReduceMin"),
  Any: reduceTruth("ReduceMax"),
  ArgMax: argument("ArgMax"),
  ArgMin: argument("ArgMin"),
  Max: reduce("ReduceMax"),
  Mean: reduce("ReduceMean"),
  Min: reduce("ReduceMin"),
  Prod: reduce("ReduceProd"),
  Sum: reduce("ReduceSum"),
};
