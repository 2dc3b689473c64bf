// Finds the shape of every value, and turns SAME padding into numbers.
import { elementCount } from "../../engine/index.ts";
import { ModelError } from "../errors.ts";
import type { Graph, Node, Window } from "../legacy-graph.ts";

/** A tensor of more elements than this does not fit beside its weights in an isolate of 128 MB. */
const MAX_TENSOR_ELEMENTS = 16 * 1024 * 1024;

export interface ShapedGraph extends Graph {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/** Throws ModelError: op_unsupported where shapes do not fit together, model_too_large. */
export function inferShapes(graph: Graph): ShapedGraph {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of graph.inputs) shapes.set(name, shape);
  for (const [name, { shape }] of graph.constants) shapes.set(name, shape);
  const nodes = graph.nodes.map((node) => {
    const inputs = node.inputs.map((name) => shapes.get(name) ?? []);
    const [resolved, shape] = infer(node, inputs);
    const elements = elementCount({ shape });
    if (elements > MAX_TENSOR_ELEMENTS || elements < 1) {
      throw new ModelError(
        "model_too_large",
        `${node.op} (node ${node.name}) makes [${shape.join(", ")}], the limit is ${MAX_TENSOR_ELEMENTS} elements`,
      );
    }
    shapes.set(node.name, shape);
    return resolved;
  });
  return { ...graph, nodes, shapes };
}

function infer(node: Node, inputs: (readonly number[])[]): [Node, readonly number[]] {
  const [x = [], weights = []] = inputs;
  const refuse = (reason: string): never => {
    const shapes = inputs.map((shape) => `[${shape.join(", ")}]`).join(", ");
    throw new ModelError("op_unsupported", `${node.op} (node ${node.name}) of ${shapes}: ${reason}`);
  };
  switch (node.op) {
    case "Conv":
    case "DepthwiseConv":
    case "AveragePool": {
      if (x.length !== 4) refuse("want four dimensions");
      const [batch = 0, height = 0, width = 0, channels = 0] = x;
      const [kernelHeight = 0, kernelWidth = 0, weightChannels = 0, outputs = 0] =
        node.op === "AveragePool" ? [...node.kernel, channels] : weights;
      if (weightChannels !== channels) refuse(`weights for ${weightChannels} channels`);
      if (node.op === "DepthwiseConv" && outputs !== 1) refuse("a channel multiplier other than 1");
      const vertical = resolve(height, kernelHeight, 0, node.window);
      const horizontal = resolve(width, kernelWidth, 1, node.window);
      const pads: [number, number, number, number] = [
        vertical.before,
        horizontal.before,
        vertical.after,
        horizontal.after,
      ];
      return [
        { ...node, window: { ...node.window, pads } },
        [batch, vertical.size, horizontal.size, node.op === "Conv" ? outputs : channels],
      ];
    }
    case "Dense":
      if (x.length !== 2 || x[1] !== weights[0]) refuse("inner sizes differ");
      return [node, [x[0] ?? 0, weights[1] ?? 0]];
    case "Add":
    case "Sub":
    case "Mul":
      if (x.join() !== weights.join()) refuse("shapes differ");
      return [node, x];
    case "Squeeze":
      if (node.axes.some((axis) => x[axis] !== 1))
        refuse(`axes [${node.axes.join(", ")}] are not all of size 1`);
      return [node, x.filter((_, axis) => !node.axes.includes(axis))];
    case "Softmax":
    case "Clip":
    case "Identity":
      return [node, x];
  }
}

/** Output size and pads along one axis; SAME as TensorFlow has it: the odd element goes after. */
function resolve(size: number, kernel: number, axis: 0 | 1, window: Window) {
  const stride = window.strides[axis];
  const span = (kernel - 1) * window.dilations[axis] + 1;
  if (window.pads[axis] === -1) {
    const output = Math.ceil(size / stride);
    const total = Math.max((output - 1) * stride + span - size, 0);
    const before = Math.floor(total / 2);
    return { size: output, before, after: total - before };
  }
  const before = window.pads[axis];
  const after = window.pads[axis === 0 ? 2 : 3];
  return { size: Math.floor((size + before + after - span) / stride) + 1, before, after };
}
