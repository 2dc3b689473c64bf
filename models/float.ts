// The graph in f32, as it is: the reference that calibration runs on, by the engine's own kernels.
import type { Op } from "../engine/index.ts";
import { ArtifactBuilder, type EmittedModel } from "./artifact.ts";
import { ModelError } from "./errors.ts";
import { constantOf, geometry, isPointwise, realBounds, transpose } from "./layers.ts";
import { NO_CLIP, type Node } from "./legacy-graph.ts";
import { packF32Dwconv, packF32Gemm } from "./pack.ts";
import type { ShapedGraph } from "./passes/shapes.ts";

/** The graph with f32 tensors throughout. Throws ModelError op_unsupported. */
export function emitFloat(graph: ShapedGraph): EmittedModel {
  const builder = new ArtifactBuilder();
  const values: string[] = [];
  const tensor = (name: string) =>
    builder.addTensor(name, { dtype: "f32", shape: graph.shapes.get(name) ?? [], scale: 1, zeroPoint: 0 });
  for (const { name, shape, scale, bias } of graph.inputs) {
    const input = builder.addTensor(`${name}:bytes`, { dtype: "u8", shape, scale: 1, zeroPoint: 0 });
    builder.addOp({
      kind: "convert",
      input,
      output: tensor(name),
      scale: Math.fround(scale),
      bias: Math.fround(bias),
    });
    values.push(name);
  }
  for (const node of graph.nodes) {
    if (node.op === "Squeeze") {
      builder.addAlias(node.name, node.inputs[0]!);
      continue;
    }
    builder.addOp(emit(node, graph, builder, tensor(node.name)));
    values.push(node.name);
  }
  const manifest = builder.finish(
    FLOAT_HEADER,
    graph.inputs.map(({ name }) => `${name}:bytes`),
    graph.outputs,
  );
  return { manifest, weights: builder.weights(), values };
}

const FLOAT_HEADER = {
  name: "float",
  task: "",
  licence: "",
  source: { package: "", version: "", digest: new Uint8Array(32) },
  compiler: "",
  calibration: new Uint8Array(32),
};

function emit(node: Node, graph: ShapedGraph, builder: ArtifactBuilder, output: number): Op {
  const input = builder.tensor(node.inputs[0]!);
  const constant = (index: number) => constantOf(graph, node, index);
  const clamp = "clip" in node ? realBounds(node.clip) : realBounds(NO_CLIP);
  switch (node.op) {
    case "Conv": {
      const [height = 1, width = 1, channels = 1, outputs = 1] = constant(1).shape;
      const inputs = height * width * channels;
      const weights = builder.addWeights(
        packF32Gemm({
          outputs,
          inputs,
          weights: transpose(constant(1).data, inputs, outputs),
          bias: constant(2).data,
        }),
      );
      if (isPointwise(node.window, [height, width]))
        return { kind: "gemm", input, output, weights, ...clamp };
      const window = geometry(node.window, [height, width]);
      return { kind: "conv", input, output, weights, ...window, dilations: node.window.dilations, ...clamp };
    }
    case "DepthwiseConv": {
      const [height = 1, width = 1, channels = 1] = constant(1).shape;
      const weights = builder.addWeights(
        packF32Dwconv({
          channels,
          taps: height * width,
          weights: transpose(constant(1).data, height * width, channels),
          bias: constant(2).data,
        }),
      );
      return { kind: "dwconv", input, output, weights, ...geometry(node.window, [height, width]), ...clamp };
    }
    case "Dense": {
      const [inputs = 1, outputs = 1] = constant(1).shape;
      const weights = builder.addWeights(
        packF32Gemm({
          outputs,
          inputs,
          weights: transpose(constant(1).data, inputs, outputs),
          bias: constant(2).data,
        }),
      );
      return { kind: "gemm", input, output, weights, ...clamp };
    }
    case "Add":
      return { kind: "add", a: input, b: builder.tensor(node.inputs[1]!), output, ...clamp };
    case "AveragePool":
      return { kind: "avgpool", input, output, ...geometry(node.window, node.kernel), ...clamp };
    case "Softmax":
      return { kind: "softmax", input, output };
    default:
      throw new ModelError("op_unsupported", `${node.op} (node ${node.name}): no kernel computes it here`);
  }
}
