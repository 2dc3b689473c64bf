// Moves factors and summands of channels, BatchNormalization among them, into the layer that they come behind. The
// longest run is taken at once, in f64, so that weights and bias are rounded once.
import type { Node } from "../graph.ts";
import { type Channels, channelMapOf } from "./channels.ts";
import { applyBehind, layerOf } from "./linear.ts";
import type { Match, Rewriter } from "./rewriter.ts";
import { mapOfRun, runTo } from "./run.ts";

export const fuseBehindLayers: Match = (root, graph) => {
  const run = runTo(root, graph);
  if (run === null) return null;
  const layer = layerOf(graph.producer(run.input), graph);
  if (layer === null || graph.readers(run.input)?.length !== 1) return null;
  const map = mapOfRun(run, graph, layer.output);
  if (map === null || (!run.isCut && continues(root, graph, layer.output))) return null;
  return applyBehind(layer, map, root, graph);
};

/** The one reader of the run's end would belong to it: the match waits for it. */
function continues(root: Node, graph: Rewriter, channels: Channels): boolean {
  const [output = ""] = root.outputs;
  const [reader, ...others] = graph.readers(output) ?? [];
  return (
    reader !== undefined && others.length === 0 && channelMapOf(reader, output, graph, channels) !== null
  );
}
