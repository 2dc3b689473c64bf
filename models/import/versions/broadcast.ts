// Broadcasting before opset 7: only where the attribute `broadcast` asks for it, and at an `axis` that says with which
// dimension of the first operand the second one begins. Also PRelu, whose slopes belonged to channels.
import type { Constant, Node } from "../../graph.ts";
import {
  int64s,
  numberOf,
  type Translate,
  type Translation,
  unsupported,
  withAttributes,
} from "../translation.ts";

const binary: Translate = (node, version, translation) => {
  if (version >= 7) return node;
  const axis = numberOf(node, "axis", null);
  const bare = withAttributes(node, { broadcast: null, axis: null });
  // Without an axis the last dimensions match, as they do today.
  if (numberOf(node, "broadcast", 0) === 0 || axis === null) return bare;
  const [rank, operandRank] = bare.inputs.map((name) => translation.rank(name));
  if (rank === undefined || operandRank === undefined) {
    throw unsupported(node, "broadcast at an axis, with an operand of unknown rank");
  }
  const trailing = rank - operandRank - (axis < 0 ? axis + rank : axis);
  if (trailing < 0 || !Number.isInteger(trailing)) throw unsupported(node, `broadcast at axis ${axis}`);
  return withTrailing(bare, trailing, operandRank, translation);
};

/** PRelu's slopes, one for each channel, until 7: (C) becomes (C, 1, …), which broadcasts as it should. */
const prelu: Translate = (node, version, translation) => {
  if (version >= 7) return node;
  const [rank, slopeRank] = node.inputs.map((name) => translation.rank(name));
  if (slopeRank !== 1 || translation.constant(node.inputs[1] ?? "")?.data.length === 1) return node;
  if (rank === undefined) throw unsupported(node, "slopes by channel of a tensor of unknown rank");
  return withTrailing(node, Math.max(0, rank - 2), 1, translation);
};

/** The second operand with `trailing` more dimensions of size 1 behind its own. */
function withTrailing(node: Node, trailing: number, rank: number, translation: Translation): Node | Node[] {
  if (trailing === 0) return node;
  const [first = "", second = ""] = node.inputs;
  const constant = translation.constant(second);
  if (constant !== undefined) {
    const shape = [...constant.shape, ...Array.from({ length: trailing }, () => 1)];
    const reshaped: Constant = { ...constant, shape };
    return { ...node, inputs: [first, translation.addConstant(second, reshaped)] };
  }
  const axes = Array.from({ length: trailing }, (_, index) => rank + index);
  const aligned = translation.fresh(second);
  const unsqueeze: Node = {
    name: translation.fresh(`${node.name}:align`),
    domain: "",
    op: "Unsqueeze",
    inputs: [second, translation.addConstant(`${node.name}:axes`, int64s(axes))],
    outputs: [aligned],
    attributes: new Map(),
  };
  return [unsqueeze, { ...node, inputs: [first, aligned] }];
}

const gemm: Translate = (node) => withAttributes(node, { broadcast: null });

const BINARY = ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less"];

export const BROADCAST: Readonly<Record<string, Translate>> = {
  ...Object.fromEntries(BINARY.map((op) => [op, binary])),
  PRelu: prelu,
  Gemm: gemm,
};
