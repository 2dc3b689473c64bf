// All passes, in the order in which each finds what it needs.
import type { Graph } from "../legacy-graph.ts";
import { fuseActivations } from "./activations.ts";
import { foldConstants } from "./constants.ts";
import { dropIdentities } from "./identity.ts";
import { foldInputScaling } from "./inputs.ts";
import { inferShapes, type ShapedGraph } from "./shapes.ts";

/** `inputScale`: what one unit of an input byte is worth. Throws ModelError as inferShapes does. */
export function simplifyGraph(graph: Graph, inputScale: number): ShapedGraph {
  const scaled = { ...graph, inputs: graph.inputs.map((input) => ({ ...input, scale: inputScale })) };
  return inferShapes(fuseActivations(foldInputScaling(foldConstants(dropIdentities(scaled)))));
}
