// x · Sigmoid(x) is Silu, in the domain "quorate": ONNX has no operator for it.
import type { Match } from "./rewriter.ts";

export const fuseSilu: Match = (root, graph) => {
  if (root.op !== "Mul" || root.domain !== "") return null;
  for (const [x, gate] of [root.inputs, root.inputs.toReversed()]) {
    const sigmoid = graph.producer(gate);
    if (sigmoid?.op !== "Sigmoid" || sigmoid.domain !== "" || sigmoid.inputs[0] !== x) continue;
    if (!graph.isClosed(root, [sigmoid])) continue;
    return { nodes: [{ ...root, domain: "quorate", op: "Silu", inputs: [x!] }] };
  }
  return null;
};
