// Turns graph inputs that only shape things into constants, where their values are known before anything runs. The
// engine plans for shapes, so a shape that arrives with a request cannot be one of its tensors.
import { entryOf } from "./entry.ts";
import type { Constant, Graph, Node } from "./graph.ts";

/** By operator, the inputs that decide shapes, axes or positions and not values. */
const SHAPING: Readonly<Record<string, readonly number[]>> = {
  AffineGrid: [1],
  CenterCropPad: [1],
  Col2Im: [1, 2],
  ConstantOfShape: [0],
  CumSum: [1],
  DFT: [1, 2],
  Expand: [1],
  Loop: [0],
  MaxUnpool: [2],
  OneHot: [1],
  Pad: [1, 3],
  Range: [0, 1, 2],
  Reshape: [1],
  Resize: [1, 2, 3],
  Slice: [1, 2, 3, 4],
  Split: [1],
  Squeeze: [1],
  Tile: [1],
  TopK: [1],
  Trilu: [1],
  Unsqueeze: [1],
};
const REDUCTION = [1];

/** The graph with those of `inputs` as constants that it takes as shapes; all others stay its inputs. */
export function bindConstants(graph: Graph, inputs: ReadonlyMap<string, Constant>): Graph {
  const shaping = new Set(graph.nodes.flatMap(shapingInputs));
  const constants = new Map(graph.constants);
  const rest = graph.inputs.filter(({ name }) => {
    const constant = inputs.get(name);
    if (constant === undefined || constant.shape.length > 1 || !shaping.has(name)) return true;
    constants.set(name, constant);
    return false;
  });
  return rest.length === graph.inputs.length ? graph : { ...graph, inputs: rest, constants };
}

function shapingInputs({ domain, op, inputs }: Node): string[] {
  const indices = op.startsWith("Reduce") ? REDUCTION : entryOf(SHAPING, op);
  return domain !== "" || indices === undefined ? [] : indices.map((index) => inputs[index] ?? "");
}
