// BatchNormalization that no layer took in is one factor and one summand a channel: Mul and Add.
import type { Constant, Node } from "../graph.ts";
import { channelMapOf, roundOnce } from "./channels.ts";
import type { Match } from "./rewriter.ts";

export const splitBatchNormalization: Match = (node, graph) => {
  const [x = ""] = node.inputs;
  const rank = graph.rank(x);
  const count = graph.constant(node.inputs[1])?.data.length;
  if (node.op !== "BatchNormalization" || rank === undefined || rank < 2 || count === undefined) return null;
  const map = channelMapOf(node, x, graph, { rank, axis: 1, count });
  const [scale, shift] = map === null ? [] : [roundOnce(map.scale), roundOnce(map.shift)];
  if (scale == null || shift == null) return null;
  const shape = Array.from({ length: rank - 1 }, (_, axis) => (axis === 0 ? count : 1));
  const constant = (data: Float32Array): Constant => ({ dtype: "f32", shape, data });
  const name = `${node.name}:scaled`;
  const scaled = graph.addValue(name);
  const binary = (op: string, own: string, inputs: string[], outputs: readonly string[]): Node => {
    return { ...node, name: own, op, inputs, outputs, attributes: new Map() };
  };
  return {
    nodes: [
      binary("Mul", name, [x, graph.addConstant(`${node.name}:scale`, constant(scale))], [scaled]),
      binary(
        "Add",
        node.name,
        [scaled, graph.addConstant(`${node.name}:shift`, constant(shift))],
        node.outputs,
      ),
    ],
  };
};
