// The fusions, in the order in which they find each other's work: activations first, because a layer that takes in the
// 3 of Clip(x + 3, 0, 6) leaves none behind.
import type { Graph } from "../graph.ts";
import { fuseAttention } from "./attention.ts";
import { splitBatchNormalization } from "./batch-normalization.ts";
import { fuseBeforeLayers } from "./before-layers.ts";
import { fuseBehindLayers } from "./behind-layers.ts";
import { fuseGelu } from "./gelu.ts";
import { fuseHardSwish } from "./hard-swish.ts";
import { removeNeutral } from "./neutral.ts";
import { fuseNormalization } from "./normalization.ts";
import { fuseProduct, fuseQuantized } from "./quantized.ts";
import { quantizeConstants } from "./quantized-constants.ts";
import { moveBeforeDequantize, moveBehindQuantize, moveWithin, removeRequantize } from "./quantized-moves.ts";
import { type Match, Rewriter } from "./rewriter.ts";
import { fuseScalarChains } from "./scalar-chains.ts";
import { fuseSilu } from "./silu.ts";

const FUSIONS: readonly Match[] = [
  removeNeutral,
  moveBeforeDequantize,
  moveWithin,
  removeRequantize,
  moveBehindQuantize,
  quantizeConstants,
  fuseQuantized,
  fuseProduct,
  fuseHardSwish,
  fuseSilu,
  fuseGelu,
  fuseNormalization,
  fuseAttention,
  fuseBehindLayers,
  fuseBeforeLayers,
  splitBatchNormalization,
  fuseScalarChains,
];

/** The graph with what several nodes write down as the operator that it is. Graphs in attributes stay as they are. */
export function fuseGraph(graph: Graph): Graph {
  const rewriter = new Rewriter(graph);
  for (const match of FUSIONS) rewriter.apply(match);
  return rewriter.finish();
}
