// Operators with a mode for training, which is refused: what is left of them is what they do in inference.
import type { Node } from "../../graph.ts";
import { numberOf, type Translate, type Translation, unsupported, withAttributes } from "../translation.ts";

/** The mask, which marks all elements as kept, is left out; a reader of it finds nothing that makes it. */
const dropout: Translate = (node, version, translation) => {
  if (version >= 12 && isTrue(node.inputs[2], node, translation)) throw unsupported(node, "training mode");
  return {
    ...node,
    op: "Identity",
    inputs: node.inputs.slice(0, 1),
    outputs: node.outputs.slice(0, 1),
    attributes: new Map(),
  };
};

function isTrue(name: string | undefined, node: Node, translation: Translation): boolean {
  if (name === undefined || name === "") return false;
  const constant = translation.constant(name);
  if (constant === undefined) throw unsupported(node, "a training mode that is computed");
  return Number(constant.data[0] ?? 0) !== 0;
}

/** Outputs behind the first are statistics of training. */
const batchNormalization: Translate = (node, version) => {
  if (version >= 14 && numberOf(node, "training_mode", 0) !== 0) throw unsupported(node, "training mode");
  if (version < 9 && numberOf(node, "spatial", 1) === 0)
    throw unsupported(node, "statistics for each element");
  const bare = withAttributes(node, { training_mode: null, spatial: null, is_test: null, momentum: null });
  return { ...bare, outputs: node.outputs.slice(0, 1) };
};

/** GRU, LSTM and RNN said until 7 whether they return all steps; their outputs say it too. */
const recurrent: Translate = (node, version) =>
  version >= 7 ? node : withAttributes(node, { output_sequence: null });

/** Scan-8 had a batch of its own. */
const scan: Translate = (node, version) => {
  if (version < 9) throw unsupported(node, "the form of opset 8");
  return node;
};

/** GroupNormalization-18 scaled groups, not channels; how many channels a group has cannot be told here. */
const groupNormalization: Translate = (node, version) => {
  if (version < 21) throw unsupported(node, "the form before opset 21");
  return node;
};

/**
 * Softmax, LogSoftmax and Hardmax until 13 work on a matrix: all dimensions before `axis` (1) are its rows and all
 * others its columns. For the last axis that is the same as today. Otherwise the node keeps its axis and has the
 * attribute `flatten` = 1: whoever knows the shape reshapes to (rows, columns), applies the operator on the last axis
 * and reshapes back.
 */
const softmax: Translate = (node, version, translation) => {
  if (version >= 13) return withAttributes(node, { axis: numberOf(node, "axis", -1) });
  const axis = numberOf(node, "axis", 1);
  const rank = translation.rank(node.inputs[0] ?? "");
  const isLast = axis === -1 || axis + 1 === rank;
  return withAttributes(node, isLast ? { axis: -1 } : { axis, flatten: 1 });
};

export const INFERENCE: Readonly<Record<string, Translate>> = {
  Dropout: dropout,
  BatchNormalization: batchNormalization,
  GRU: recurrent,
  LSTM: recurrent,
  RNN: recurrent,
  Scan: scan,
  GroupNormalization: groupNormalization,
  Softmax: softmax,
  LogSoftmax: softmax,
  Hardmax: softmax,
};
