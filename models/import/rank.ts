// How many dimensions the outputs of a node have, as far as that follows without sizes. Older forms of operators need
// it, and nothing else does: where it is not known they are refused, or say so.
import type { Constant, Node } from "../graph.ts";

export interface RankSource {
  rank(name: string): number | undefined;
  constant(name: string): Constant | undefined;
}

const SAME_AS_INPUT = new Set(
  (
    "Abs Acos Acosh Asin Asinh Atan Atanh AveragePool BatchNormalization Cast Ceil Celu Clip Concat Cos Cosh CumSum " +
    "DepthToSpace DequantizeLinear Elu Erf Exp Floor Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool HardSigmoid " +
    "HardSwish Hardmax Identity InstanceNormalization LRN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization " +
    "LpPool MaxPool MeanVarianceNormalization Mish Neg Not PRelu Pad QuantizeLinear Reciprocal Relu Resize Round " +
    "ScatterElements ScatterND Selu Sigmoid Sign Sin Sinh Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Tan " +
    "Tanh ThresholdedRelu Tile TopK Trilu"
  ).split(" "),
);

const BROADCASTING = new Set(
  (
    "Add And BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or " +
    "Pow Sub Sum Where Xor"
  ).split(" "),
);

/** `node` is in the form of today. */
export function rankOf(node: Node, source: RankSource): number | undefined {
  if (node.domain !== "") return undefined;
  const [first = "", second = ""] = node.inputs;
  const rank = source.rank(first);
  if (SAME_AS_INPUT.has(node.op)) return rank;
  if (BROADCASTING.has(node.op)) return largest(node.inputs.map((name) => source.rank(name)));
  if (node.op.startsWith("Reduce")) {
    if (node.attributes.get("keepdims") !== 0) return rank;
    return second === "" ? 0 : difference(rank, source.constant(second)?.data.length);
  }
  switch (node.op) {
    case "Conv":
    case "ConvTranspose":
      return rank ?? source.rank(second);
    case "Gemm":
    case "Flatten":
      return 2;
    case "Shape":
      return 1;
    case "MatMul": {
      const ranks = [rank, source.rank(second)];
      return ranks.some((each) => each === undefined || each < 2) ? undefined : largest(ranks);
    }
    case "Transpose": {
      const order = node.attributes.get("perm");
      return Array.isArray(order) ? order.length : rank;
    }
    case "Reshape":
      return source.constant(second)?.data.length;
    case "Expand":
      return largest([rank, source.constant(second)?.data.length]);
    case "Squeeze":
      return difference(rank, source.constant(second)?.data.length);
    case "Unsqueeze":
      return sum(rank, source.constant(second)?.data.length);
    case "Gather": {
      const both = sum(rank, source.rank(second));
      return both === undefined ? undefined : both - 1;
    }
    default:
      return undefined;
  }
}

function largest(ranks: readonly (number | undefined)[]): number | undefined {
  let result: number | undefined;
  for (const rank of ranks) {
    if (rank === undefined) return undefined;
    result = Math.max(result ?? 0, rank);
  }
  return result;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function difference(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b > a ? undefined : a - b;
}
