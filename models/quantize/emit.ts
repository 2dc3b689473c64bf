// The graph in static int8: qs8 activations, qc8w weights, the last layer's result and softmax in f32.
import type { Op, TensorSpec } from "../../engine/index.ts";
import { ArtifactBuilder, type EmittedModel, type Header } from "../artifact.ts";
import { ModelError } from "../errors.ts";
import { constantOf, geometry, isPointwise, realBounds, transpose } from "../layers.ts";
import { type Clip, countReaders, type Node } from "../legacy-graph.ts";
import { packDwconv, packGemm } from "../pack.ts";
import type { ShapedGraph } from "../passes/shapes.ts";
import { chooseQuantization, type Quantization } from "./range.ts";
import type { Statistics } from "./statistics.ts";
import { type LayerInput, type LayerWeights, quantizeLayer } from "./weights.ts";

/** Throws ModelError: op_unsupported, weights_invalid, calibration_invalid. */
export function emitQuantized(
  graph: ShapedGraph,
  statistics: ReadonlyMap<string, Statistics>,
  header: Header,
): EmittedModel {
  const emitter = new Emitter(graph, statistics);
  for (const input of graph.inputs) emitter.emitInput(input);
  for (const node of graph.nodes) emitter.emitNode(node);
  const inputs = graph.inputs.map(({ name }) => name);
  return {
    manifest: emitter.builder.finish(header, inputs, graph.outputs),
    weights: emitter.builder.weights(),
    values: emitter.values,
  };
}

class Emitter {
  readonly builder = new ArtifactBuilder();
  readonly values: string[] = [];
  readonly #graph: ShapedGraph;
  readonly #statistics: ReadonlyMap<string, Statistics>;
  readonly #quantizations = new Map<string, Quantization>();
  readonly #offsets = new Map<string, number>();
  /** Values that only a softmax reads, or nobody: real, because rounding them would cost the answer's precision. */
  readonly #real: ReadonlySet<string>;

  constructor(graph: ShapedGraph, statistics: ReadonlyMap<string, Statistics>) {
    this.#graph = graph;
    this.#statistics = statistics;
    this.#real = findReal(graph);
  }

  /** Bytes u become q = u − 128, exactly; scale and zero point say what q stands for. */
  emitInput({ name, shape, scale, bias }: ShapedGraph["inputs"][number]): void {
    const exact = -(bias / scale) - 128;
    const zeroPoint = Math.max(-128, Math.min(127, Math.round(exact)));
    const quantization = { scale: Math.fround(scale), zeroPoint };
    this.#quantizations.set(name, quantization);
    this.#offsets.set(name, (zeroPoint - exact) * scale);
    // The port keeps the graph's name, the converted tensor takes it over for the nodes that read it.
    const input = this.builder.addTensor(name, { dtype: "u8", shape, scale: 1, zeroPoint: 0 });
    const output = this.builder.addTensor(`${name}:qs8`, { dtype: "qs8", shape, ...quantization });
    this.builder.addOp({ kind: "convert", input, output, scale: 1, bias: 0 });
    this.values.push(name);
  }

  emitNode(node: Node): void {
    if (node.op === "Squeeze") {
      this.builder.addAlias(node.name, this.#readName(node.inputs[0]!));
      const source = node.inputs[0]!;
      this.#quantizations.set(node.name, this.#quantizationOf(source));
      return;
    }
    const output = this.builder.addTensor(node.name, this.#specOf(node));
    this.builder.addOp(this.#emit(node, output));
    this.values.push(node.name);
  }

  #emit(node: Node, output: number): Op {
    const input = this.#read(node.inputs[0]!);
    const refuse = (reason: string): never => {
      throw new ModelError("op_unsupported", `${node.op} (node ${node.name}): ${reason}`);
    };
    if (this.#real.has(node.name) && node.op !== "Dense" && node.op !== "Softmax") refuse("a real result");
    switch (node.op) {
      case "Conv": {
        const [height = 1, width = 1, channels = 1, outputs = 1] = constantOf(this.#graph, node, 1).shape;
        const weights = this.#packGemm(node, height * width * channels, outputs, (i) => i % channels);
        const { kernel, strides, pads } = geometry(node.window, [height, width]);
        const clamp = this.#clamp(node, node.clip);
        if (isPointwise(node.window, kernel)) return { kind: "gemm", input, output, weights, ...clamp };
        return {
          kind: "conv",
          input,
          output,
          weights,
          kernel,
          strides,
          pads,
          dilations: node.window.dilations,
          ...clamp,
        };
      }
      case "DepthwiseConv": {
        const [height = 1, width = 1, channels = 1] = constantOf(this.#graph, node, 1).shape;
        if (node.window.dilations.some((dilation) => dilation !== 1)) refuse("dilation");
        const taps = height * width;
        const layer = {
          outputs: channels,
          inputs: taps,
          weights: transpose(constantOf(this.#graph, node, 1).data, taps, channels),
          bias: constantOf(this.#graph, node, 2).data,
        };
        const { weights, bias, scale } = this.#quantize(node, layer, (channel) => channel);
        const packed = this.builder.addWeights(packDwconv({ channels, taps, weights, bias, scale }));
        const clamp = this.#clamp(node, node.clip);
        return {
          kind: "dwconv",
          input,
          output,
          weights: packed,
          ...geometry(node.window, [height, width]),
          ...clamp,
        };
      }
      case "Dense": {
        const [inputs = 1, outputs = 1] = constantOf(this.#graph, node, 1).shape;
        const weights = this.#packGemm(node, inputs, outputs, (i) => i);
        return { kind: "gemm", input, output, weights, ...this.#clamp(node, node.clip) };
      }
      case "Add":
        return {
          kind: "add",
          a: input,
          b: this.#read(node.inputs[1]!),
          output,
          ...this.#clamp(node, node.clip),
        };
      case "AveragePool":
        return {
          kind: "avgpool",
          input,
          output,
          ...geometry(node.window, node.kernel),
          ...this.#clamp(node, node.clip),
        };
      case "Softmax":
        if (!this.#real.has(node.inputs[0]!)) refuse("its input is not real");
        return { kind: "softmax", input, output };
      default:
        return refuse("no int8 kernel computes it here");
    }
  }

  #packGemm(node: Node, inputs: number, outputs: number, channelOf: (input: number) => number) {
    const layer = {
      outputs,
      inputs,
      weights: transpose(constantOf(this.#graph, node, 1).data, inputs, outputs),
      bias: constantOf(this.#graph, node, 2).data,
    };
    const { weights, bias, scale } = this.#quantize(node, layer, (_, input) => channelOf(input));
    return this.builder.addWeights(packGemm({ outputs, inputs, weights, bias, scale }));
  }

  #quantize(node: Node, layer: LayerWeights, channelOf: (output: number, input: number) => number) {
    const source = node.inputs[0]!;
    const { means } = this.#statisticsOf(source);
    const input: LayerInput = {
      ...this.#quantizationOf(source),
      offset: this.#offsets.get(source) ?? 0,
      mean: (output, index) => means[channelOf(output, index)]!,
    };
    return quantizeLayer(layer, input, this.#real.has(node.name) ? 1 : this.#quantizationOf(node.name).scale);
  }

  #specOf(node: Node): TensorSpec {
    const shape = this.#graph.shapes.get(node.name) ?? [];
    if (this.#real.has(node.name)) return { dtype: "f32", shape, scale: 1, zeroPoint: 0 };
    return { dtype: "qs8", shape, ...this.#quantizationOf(node.name) };
  }

  /** The clamp in stored units; the type's own bounds where the node has none. */
  #clamp(node: Node, clip: Clip): { min: number; max: number } {
    if (this.#real.has(node.name)) return realBounds(clip);
    const { scale, zeroPoint } = this.#quantizationOf(node.name);
    const store = (real: number) => Math.max(-128, Math.min(127, Math.round(real / scale) + zeroPoint));
    return { min: store(clip.min), max: store(clip.max) };
  }

  #quantizationOf(name: string): Quantization {
    const known = this.#quantizations.get(name);
    if (known !== undefined) return known;
    const chosen = chooseQuantization(this.#statisticsOf(name));
    this.#quantizations.set(name, chosen);
    return chosen;
  }

  #statisticsOf(name: string): Statistics {
    const squeezed = this.#graph.nodes.find((node) => node.name === name && node.op === "Squeeze");
    const found = this.#statistics.get(squeezed?.inputs[0] ?? name);
    if (found === undefined)
      throw new ModelError("calibration_invalid", `no calibration statistics of ${name}`);
    return found;
  }

  #readName(name: string): string {
    return this.#offsets.has(name) ? `${name}:qs8` : name;
  }

  #read(name: string): number {
    return this.builder.tensor(this.#readName(name));
  }
}

function findReal(graph: ShapedGraph): ReadonlySet<string> {
  const readers = countReaders(graph);
  const real = new Set(graph.outputs);
  for (const node of graph.nodes) {
    const source = node.inputs[0]!;
    if (node.op === "Softmax" && readers.get(source) === 1) real.add(source);
  }
  return real;
}
