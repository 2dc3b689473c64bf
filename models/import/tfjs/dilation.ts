// SpaceToBatchND → convolution → BatchToSpaceND is how older TensorFlow writes a dilated convolution. The three become
// one; anywhere else the two rearrangements are refused.
import type { Constant } from "../../graph.ts";
import type { Dilated } from "./operators/convolution.ts";
import { unsupported } from "./source.ts";
import { nodeOf, type TfjsNode } from "./topology.ts";
import { integersOf } from "./types.ts";

const CONVOLUTIONS = new Set([
  "_FusedConv2D",
  "Conv2D",
  "DepthwiseConv2dNative",
  "FusedDepthwiseConv2dNative",
]);

export interface Dilations {
  /** By the name of the convolution. */
  readonly convolutions: ReadonlyMap<string, Dilated>;
  /** The nodes around them, which have nothing left to do. */
  readonly idle: ReadonlySet<string>;
}

/** Throws ModelError op_unsupported for a rearrangement that stands otherwise. */
export function findDilations(
  nodes: readonly TfjsNode[],
  constants: ReadonlyMap<string, Constant>,
): Dilations {
  const convolutions = new Map<string, Dilated>();
  const idle = new Set<string>();
  if (!nodes.some(({ op }) => op === "SpaceToBatchND" || op === "BatchToSpaceND"))
    return { convolutions, idle };
  const readers = new Map<string, TfjsNode[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const list = readers.get(nodeOf(input));
      if (list === undefined) readers.set(nodeOf(input), [node]);
      else list.push(node);
    }
  }
  const onlyReader = (node: TfjsNode) => {
    const [reader, ...others] = readers.get(node.name) ?? [];
    return others.length === 0 ? reader : undefined;
  };
  for (const before of nodes) {
    if (before.op !== "SpaceToBatchND") continue;
    const conv = onlyReader(before);
    const after = conv && onlyReader(conv);
    if (
      !conv ||
      !CONVOLUTIONS.has(conv.op) ||
      conv.inputs[0] !== before.name ||
      after?.op !== "BatchToSpaceND"
    )
      throw unsupported(before.op, before.name, "it is not around a convolution");
    convolutions.set(conv.name, readDilation(before, conv, after, constants));
    idle.add(before.name).add(after.name);
  }
  for (const { op, name } of nodes) {
    if (op === "BatchToSpaceND" && !idle.has(name))
      throw unsupported(op, name, "it is not around a convolution");
  }
  return { convolutions, idle };
}

/** Blocks of d × d, padded by p, computed without padding, cropped by c: dilation d and padding p − c. */
function readDilation(
  before: TfjsNode,
  conv: TfjsNode,
  after: TfjsNode,
  constants: ReadonlyMap<string, Constant>,
): Dilated {
  const list = (node: TfjsNode, input: number, count: number) => {
    const integers = integersOf(constants.get(node.inputs[input] ?? ""));
    if (integers?.length !== count)
      throw unsupported(node.op, node.name, "blocks or padding that are computed or not 2-D");
    return integers;
  };
  const [height, width] = list(before, 1, 2);
  const other = list(after, 1, 2);
  const pads = list(before, 2, 4).map((pad, i) => pad - list(after, 2, 4)[i]!);
  const [top, bottom, left, right] = pads;
  const plain = [...conv.sizes("strides", 4, [1, 1, 1, 1]), ...conv.sizes("dilations", 4, [1, 1, 1, 1])];
  if (
    conv.text("padding", "") !== "VALID" ||
    plain.some((size) => size !== 1) ||
    height !== other[0] ||
    width !== other[1] ||
    height! < 1 ||
    width! < 1 ||
    pads.some((pad) => pad < 0)
  )
    throw unsupported(before.op, before.name, "blocks, padding or strides that make no dilated convolution");
  return { dilations: [height!, width!], pads: [top!, left!, bottom!, right!] };
}
