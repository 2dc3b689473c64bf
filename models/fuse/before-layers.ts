// Moves factors and summands of channels into the weights and the bias of the layer that they come before, where that
// alone reads what they made. Padding lies behind them and would have to be shifted too, so there a summand stays
// outside.
import type { Node } from "../graph.ts";
import { type ChannelMap, type Channels, roundOnce } from "./channels.ts";
import { applyBefore, type Layer, layerOf } from "./linear.ts";
import { numberOr } from "./numbers.ts";
import type { Match, Replacement, Rewriter } from "./rewriter.ts";
import { mapOfRun, runTo } from "./run.ts";

export const fuseBeforeLayers: Match = (root, graph) => {
  const layer = layerOf(root, graph);
  const channels = layer === null ? null : inputChannels(layer);
  if (layer === null || channels === null) return null;
  const before = graph.producer(root.inputs[0]);
  const run = runTo(before, graph);
  if (run === null || !graph.isClosed(root, run.nodes)) return null;
  const map = mapOfRun(run, graph, channels);
  if (map === null) return null;
  if (!isPadded(root) || map.shift.every((value) => value === 0)) {
    return applyBefore(layer, map, run.input, graph);
  }
  return fuseBeforePadded(layer, map, run.input, channels, graph);
};

/**
 * scale · x + shift before padding is scale · (x + shift / scale): padding with zeros does not see the factor, which
 * goes into the weights. Factors far from 1 are left, because the quotient would lose what it is added to.
 */
function fuseBeforePadded(
  layer: Layer,
  { scale, shift }: ChannelMap,
  input: string,
  { rank, axis, count }: Channels,
  graph: Rewriter,
): Replacement | null {
  const isUseful = scale.some((value) => value !== 1);
  const isSafe = scale.every((value) => Math.abs(value) > 2 ** -10 && Math.abs(value) < 2 ** 10);
  const quotients = roundOnce(shift.map((value, c) => value / scale[c]!));
  if (!isUseful || !isSafe || quotients === null) return null;
  const isScalar = quotients.every((value) => value === quotients[0]);
  const shape = isScalar ? [] : Array.from({ length: rank - axis }, (_, index) => (index === 0 ? count : 1));
  const data = isScalar ? quotients.subarray(0, 1) : quotients;
  const name = `${layer.node.name}:shifted`;
  const add: Node = {
    name,
    domain: "",
    op: "Add",
    inputs: [input, graph.addConstant(`${layer.node.name}:shift`, { dtype: "f32", shape, data })],
    outputs: [graph.addValue(name)],
    attributes: new Map(),
  };
  const applied = applyBefore(layer, { scale, shift: new Float64Array(count) }, add.outputs[0]!, graph);
  return applied === null ? null : { nodes: [add, ...applied.nodes] };
}

function inputChannels({ node, weights, output }: Layer): Channels | null {
  const [first = 0, second = 0] = weights.shape;
  switch (node.op) {
    case "Conv":
      return { rank: output.rank, axis: 1, count: second * numberOr(node.attributes.get("group"), 1) };
    case "Gemm": {
      if (numberOr(node.attributes.get("transA"), 0) !== 0) return null;
      const isTransposed = numberOr(node.attributes.get("transB"), 0) !== 0;
      return { rank: 2, axis: 1, count: isTransposed ? second : first };
    }
    case "MatMul":
    case "Linear":
      return { rank: output.rank, axis: output.rank - 1, count: first };
    default:
      return null;
  }
}

function isPadded({ attributes }: Node): boolean {
  const pads = attributes.get("pads");
  const automatic = attributes.get("auto_pad") ?? "NOTSET";
  const isZero = !Array.isArray(pads) || pads.every((pad) => pad === 0);
  return !isZero || (automatic !== "NOTSET" && automatic !== "VALID");
}
