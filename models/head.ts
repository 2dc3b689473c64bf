// What is put behind a graph so that replies stay small: the best class and its probability instead of all of them.
import type { Graph } from "./graph.ts";

/**
 * Replaces the one output (…, classes) by `indices` i32 and `probabilities` f32, both (…). Throws RangeError for others.
 */
export function appendArgmax(graph: Graph): Graph {
  const [output, ...others] = graph.outputs;
  if (output === undefined || others.length > 0)
    throw new RangeError(`${graph.outputs.length} outputs, want one`);
  const axes = "quorate:last-axis";
  return {
    ...graph,
    outputs: ["indices", "probabilities"],
    constants: new Map([
      ...graph.constants,
      [axes, { dtype: "i64", shape: [1], data: BigInt64Array.of(-1n) }],
    ]),
    nodes: [
      ...graph.nodes,
      {
        name: "quorate:indices",
        domain: "",
        op: "ArgMax",
        inputs: [output],
        outputs: ["quorate:indices"],
        attributes: new Map([
          ["axis", -1],
          ["keepdims", 0],
        ]),
      },
      {
        name: "quorate:narrowed",
        domain: "",
        op: "Cast",
        inputs: ["quorate:indices"],
        outputs: ["indices"],
        attributes: new Map([["to", "i32"]]),
      },
      {
        name: "quorate:probabilities",
        domain: "",
        op: "ReduceMax",
        inputs: [output, axes],
        outputs: ["probabilities"],
        attributes: new Map([["keepdims", 0]]),
      },
    ],
  };
}
