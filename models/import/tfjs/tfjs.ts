// Reads a model of TensorFlow.js, whichever of its two forms it has.
import type { Graph } from "../../graph.ts";
import { readTfjsGraphModel } from "./graph-model.ts";
import { readTfjsLayersModel } from "./layers-model.ts";
import { membersOf, type TfjsSource } from "./source.ts";

/** Throws ModelError as readTfjsGraphModel and readTfjsLayersModel do. */
export function readTfjs(source: TfjsSource): Graph {
  const { format } = membersOf(source.model);
  return format === "layers-model" ? readTfjsLayersModel(source) : readTfjsGraphModel(source);
}
