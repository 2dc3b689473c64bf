// What only moves elements moves bytes as well: it goes in front of the DequantizeLinear that it reads, and behind the
// QuantizeLinear that reads it, so that both stand beside the operator that they are for.
import type { Node } from "../graph.ts";
import {
  areSame,
  isMove,
  parametersOf,
  type Quantized,
  readDequantize,
  readQuantize,
} from "./quantized-pair.ts";
import type { Match, Rewriter } from "./rewriter.ts";

export const moveBeforeDequantize: Match = (root, graph) => {
  const source = isMove(root) ? readDequantize(root.inputs[0], graph) : null;
  const axis = source && movedAxis(root, source);
  if (source === null || axis === undefined || !isPositive(source, graph)) return null;
  const bytes = graph.addValue(root.outputs[0]!);
  const attributes = new Map(source.node.attributes);
  if (axis !== null) attributes.set("axis", axis);
  const dequantize = { ...source.node, name: bytes, inputs: [bytes, ...parametersOf(source)], attributes };
  return {
    nodes: [
      { ...root, inputs: [source.value, ...root.inputs.slice(1)], outputs: [bytes] },
      { ...dequantize, outputs: root.outputs },
    ],
  };
};

/** Otherwise the largest of some is not that of their bytes. */
function isPositive({ scale }: Quantized, graph: Rewriter): boolean {
  return Array.from(graph.constant(scale)!.data as Float32Array).every((each) => each > 0);
}

/** Where the axis of the scales goes; null where there is none, undefined where that is not known. */
function movedAxis(root: Node, { axis }: Quantized): number | null | undefined {
  if (axis === null) return null;
  const permutation = root.op === "Transpose" ? root.attributes.get("perm") : undefined;
  if (!Array.isArray(permutation)) return undefined;
  const place = permutation.indexOf(axis);
  return place < 0 ? undefined : place;
}

/** Also moves elements, but only between two pairs of the same numbers. */
const MOVES_WITHIN = new Set(["Flatten", "Expand", "Tile", "Gather", "GatherElements"]);

export const moveWithin: Match = (root, graph) => {
  const target = readQuantize(root, graph);
  const move = target && graph.readers(target.value)?.length === 1 ? graph.producer(target.value) : undefined;
  if (target === null || move?.domain !== "" || !MOVES_WITHIN.has(move.op)) return null;
  const source = readDequantize(move.inputs[0], graph);
  if (source === null || !areSame(source, target, graph)) return null;
  return { nodes: [{ ...move, inputs: [source.value, ...move.inputs.slice(1)], outputs: root.outputs }] };
};

/** Bytes that become numbers and then the same bytes again. */
export const removeRequantize: Match = (root, graph) => {
  const target = readQuantize(root, graph);
  const source = target && readDequantize(target.value, graph);
  if (!target || !source || !areSame(source, target, graph)) return null;
  // An output of the graph keeps its name.
  const isRead = graph.readers(root.outputs[0]!) !== null;
  const identity = { ...root, op: "Identity", inputs: [source.value], attributes: new Map() };
  return isRead ? { alias: source.value } : { nodes: [identity] };
};

export const moveBehindQuantize: Match = (root, graph) => {
  const target = readQuantize(root, graph);
  if (target === null || target.axis !== null || !isPositive(target, graph)) return null;
  const moves: Node[] = [];
  for (let name = target.value; graph.readers(name)?.length === 1; name = moves[0]!.inputs[0]!) {
    const move = graph.producer(name);
    if (move === undefined || !isMove(move)) break;
    moves.unshift(move);
  }
  const [first] = moves;
  if (first === undefined) return null;
  let bytes = graph.addValue(first.inputs[0]!);
  const nodes: Node[] = [
    { ...root, name: bytes, inputs: [first.inputs[0]!, ...root.inputs.slice(1)], outputs: [bytes] },
  ];
  for (const [index, move] of moves.entries()) {
    const output = index === moves.length - 1 ? root.outputs[0]! : graph.addValue(move.outputs[0]!);
    nodes.push({ ...move, inputs: [bytes, ...move.inputs.slice(1)], outputs: [output] });
    bytes = output;
  }
  return { nodes };
};
