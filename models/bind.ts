// Turns graph inputs that only shape things into constants, where their values are known before anything runs. The
// engine plans for shapes, so a shape that arrives with a request cannot be one of its tensors.
import { entryOf } from "./entry.ts";
import { ModelError } from "./errors.ts";
import type { Constant, Graph, GraphInput, Node } from "./graph.ts";

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

/**
 * The graph with those of `inputs` as constants that it takes as shapes; all others stay its inputs, with the sizes that
 * they have. Throws ModelError model_malformed for sizes that the model does not take.
 */
export function bindConstants(graph: Graph, inputs: ReadonlyMap<string, Constant>): Graph {
  const shaping = new Set(graph.nodes.flatMap(shapingInputs));
  const constants = new Map(graph.constants);
  const rest = graph.inputs.flatMap((input): GraphInput[] => {
    const constant = inputs.get(input.name);
    if (constant === undefined) return [input];
    if (constant.shape.length > 1 || !shaping.has(input.name)) return [bindSizes(input, constant)];
    constants.set(input.name, constant);
    return [];
  });
  return { ...graph, inputs: rest, constants };
}

function bindSizes(input: GraphInput, { shape }: Constant): GraphInput {
  const fits =
    shape.length === input.shape.length &&
    input.shape.every((size, axis) => typeof size === "string" || size === shape[axis]);
  if (fits) return { ...input, shape };
  const [wanted, given] = [input.shape, shape].map((sizes) => `[${sizes.join(", ")}]`);
  throw new ModelError("model_malformed", `input ${input.name} is ${wanted}, the data set has ${given}`);
}

function shapingInputs({ domain, op, inputs }: Node): string[] {
  const indices = op.startsWith("Reduce") ? REDUCTION : entryOf(SHAPING, op);
  return domain !== "" || indices === undefined ? [] : indices.map((index) => inputs[index] ?? "");
}
