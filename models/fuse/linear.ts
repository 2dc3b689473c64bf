// The layers that have weights and can have a bias: Conv, ConvTranspose, Gemm, MatMul with a constant matrix. What comes
// behind them, one factor and one summand a channel, goes into both.
//
// MatMul has no bias in ONNX: with one it becomes Linear in the domain "quorate", y = x · W + b with x (…, K), W (K, N)
// and b (N).
import type { Constant, Node } from "../graph.ts";
import { type ChannelMap, type Channels, roundOnce } from "./channels.ts";
import { numberOr } from "./numbers.ts";
import type { Replacement, Rewriter } from "./rewriter.ts";

export interface Layer {
  readonly node: Node;
  readonly weights: Extract<Constant, { readonly dtype: "f32" }>;
  readonly bias: Float32Array | null;
  /** The channels of its output. */
  readonly output: Channels;
  /** The channel of the output that a weight belongs to, by its index. */
  readonly channelOf: (index: number) => number;
}

/** The layer that a node is, null where its weights or bias are computed or of another type than f32. */
export function layerOf(node: Node | undefined, graph: Rewriter): Layer | null {
  if (node === undefined || !isLayer(node)) return null;
  const weights = graph.constant(node.inputs[1]);
  if (weights?.dtype !== "f32") return null;
  const place = placeOf(node, weights.shape, graph);
  if (place === null) return null;
  const bias = biasOf(node, place.output.count, graph);
  return bias === undefined ? null : { node, weights, bias, ...place };
}

/** One value a channel; null where there is no bias, undefined where it is something else. */
function biasOf({ inputs }: Node, count: number, graph: Rewriter): Float32Array | null | undefined {
  if ((inputs[2] ?? "") === "") return null;
  const constant = graph.constant(inputs[2]);
  if (constant?.dtype !== "f32") return undefined;
  const { data, shape } = constant;
  if (data.length === 1) return new Float32Array(count).fill(data[0]!);
  return data.length === count && shape.at(-1) === count ? data : undefined;
}

function isLayer({ domain, op }: Node): boolean {
  if (domain === "quorate") return op === "Linear";
  return domain === "" && ["Conv", "ConvTranspose", "Gemm", "MatMul"].includes(op);
}

function placeOf(
  node: Node,
  shape: readonly number[],
  graph: Rewriter,
): Pick<Layer, "output" | "channelOf"> | null {
  const [first = 0, second = 0] = shape;
  const size = shape.reduce((product, each) => product * each, 1);
  switch (node.op) {
    case "Conv":
      return {
        output: { rank: shape.length, axis: 1, count: first },
        channelOf: (index) => Math.floor(index / (size / first)),
      };
    case "ConvTranspose": {
      // Weights are (inputs, outputs / groups, …): the group of an input says which outputs it feeds.
      const groups = numberOr(node.attributes.get("group"), 1);
      const taps = size / (first * second);
      return {
        output: { rank: shape.length, axis: 1, count: second * groups },
        channelOf: (index) => {
          const group = Math.floor(index / (taps * second) / (first / groups));
          return group * second + (Math.floor(index / taps) % second);
        },
      };
    }
    case "Gemm": {
      const { attributes } = node;
      const isPlain = [numberOr(attributes.get("alpha"), 1), numberOr(attributes.get("beta"), 1)].every(
        (v) => v === 1,
      );
      if (!isPlain || shape.length !== 2) return null;
      const isTransposed = numberOr(attributes.get("transB"), 0) !== 0;
      return isTransposed
        ? { output: { rank: 2, axis: 1, count: first }, channelOf: (index) => Math.floor(index / second) }
        : { output: { rank: 2, axis: 1, count: second }, channelOf: (index) => index % second };
    }
    default: {
      // At least two dimensions, or a bias could add one; where the rank is not known, it is taken to be no more.
      const rank = Math.max(2, graph.rank(node.inputs[0]!) ?? 2);
      if (shape.length !== 2 || graph.rank(node.inputs[0]!) === 1) return null;
      return { output: { rank, axis: rank - 1, count: second }, channelOf: (index) => index % second };
    }
  }
}

/** The layer with `map` behind it, in the place of `root`; null where a weight would not be finite. */
export function applyBehind(layer: Layer, map: ChannelMap, root: Node, graph: Rewriter): Replacement | null {
  const { weights, bias, channelOf } = layer;
  const scaled = scaleWeights(weights.data, map.scale, channelOf);
  const shifted = map.shift.map((shift, c) => (bias?.[c] ?? 0) * map.scale[c]! + shift);
  return replaceLayer({ ...layer, node: { ...layer.node, outputs: root.outputs } }, scaled, shifted, graph);
}

/** The layer with `map` before it, which works on `input`. Not for ConvTranspose. */
export function applyBefore(
  layer: Layer,
  map: ChannelMap,
  input: string,
  graph: Rewriter,
): Replacement | null {
  const { node, weights, bias, output, channelOf } = layer;
  const inputOf = inputChannelOf(layer);
  const scaled = scaleWeights(weights.data, map.scale, inputOf);
  const shifted = new Float64Array(output.count);
  if (bias !== null) shifted.set(bias);
  for (let index = 0; index < weights.data.length; index++) {
    shifted[channelOf(index)]! += weights.data[index]! * map.shift[inputOf(index)]!;
  }
  const inputs = [input, ...node.inputs.slice(1)];
  return replaceLayer({ ...layer, node: { ...node, inputs } }, scaled, shifted, graph);
}

function scaleWeights(
  weights: Float32Array,
  scale: Float64Array,
  channelOf: (index: number) => number,
): Float64Array {
  const scaled = new Float64Array(weights.length);
  for (let index = 0; index < scaled.length; index++)
    scaled[index] = weights[index]! * scale[channelOf(index)]!;
  return scaled;
}

/** The channel of the input that a weight works on, by its index. */
function inputChannelOf({ node, weights, output }: Layer): (index: number) => number {
  const [first = 0, second = 0] = weights.shape;
  if (node.op !== "Conv") {
    const isTransposed = numberOr(node.attributes.get("transB"), 0) !== 0;
    return isTransposed ? (index) => index % second : (index) => Math.floor(index / second);
  }
  const outputsOfGroup = output.count / numberOr(node.attributes.get("group"), 1);
  const taps = weights.data.length / (first * second);
  return (index) => {
    const group = Math.floor(index / (taps * second) / outputsOfGroup);
    return group * second + (Math.floor(index / taps) % second);
  };
}

function replaceLayer(
  { node, weights, bias, output }: Layer,
  scaled: Float64Array,
  shifted: Float64Array,
  graph: Rewriter,
): Replacement | null {
  const hasBias = bias !== null || shifted.some((value) => value !== 0);
  const [newWeights, newBias] = [roundOnce(scaled), roundOnce(shifted)];
  if (newWeights === null || newBias === null) return null;
  const inputs = [node.inputs[0]!, graph.addConstant(node.inputs[1]!, { ...weights, data: newWeights })];
  if (hasBias) {
    inputs.push(
      graph.addConstant(`${node.name}:bias`, { dtype: "f32", shape: [output.count], data: newBias }),
    );
  }
  const kind = node.op === "MatMul" && hasBias ? { domain: "quorate", op: "Linear" } : {};
  return { nodes: [{ ...node, ...kind, inputs }] };
}
