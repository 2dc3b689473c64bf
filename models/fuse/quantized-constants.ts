// A layer between quantized tensors whose weights or bias are still f32: ONNX Runtime quantizes them when it loads the
// model, weights to int8 over their range, the bias to int32 in steps of input scale times weight scale. Each step in
// f32.
import type { Node } from "../graph.ts";
import { type Quantized, readDequantize } from "./quantized-pair.ts";
import type { Match, Rewriter } from "./rewriter.ts";

const LAYERS = new Set(["Conv", "ConvTranspose", "Gemm"]);

export const quantizeConstants: Match = (root, graph) => {
  if (root.domain !== "" || !LAYERS.has(root.op)) return null;
  const input = readDequantize(root.inputs[0], graph);
  if (input === null || input.axis !== null || !isQuantizedAfterwards(root, graph)) return null;
  if (["alpha", "beta"].some((name) => (root.attributes.get(name) ?? 1) !== 1)) return null;
  const [x = "", w = "", b = ""] = root.inputs;
  const bias = b === "" ? null : graph.constant(b);
  if (bias === undefined || (bias !== null && (bias.dtype !== "f32" || bias.shape.length !== 1))) return null;
  const known = readDequantize(w, graph);
  const weights = known === null ? quantizeWeights(w, graph) : { node: null, name: w, scale: known.scale };
  if (weights === null || (bias === null && weights.node === null)) return null;
  if (known !== null && !isAlongOutputs(known, root, bias?.data.length ?? 0, graph)) return null;
  const scales = graph.constant(weights.scale)!.data as Float32Array;
  const step = graph.constant(input.scale)!.data[0] as number;
  const summand = bias === null ? null : dequantizedBias(b, bias.data as Float32Array, scales, step, graph);
  const nodes = [weights.node, summand].filter((node) => node !== null);
  const inputs = [x, weights.name, ...(summand === null ? [] : summand.outputs)];
  return { nodes: [...nodes, { ...root, inputs }] };
};

/** A QuantizeLinear alone reads the result, or what a Relu or Clip makes of it. */
function isQuantizedAfterwards(node: Node, graph: Rewriter): boolean {
  let current = node;
  for (;;) {
    const readers = current.outputs.length === 1 ? graph.readers(current.outputs[0]!) : null;
    const [reader] = readers ?? [];
    if (readers?.length !== 1 || reader === undefined) return false;
    if (reader.op === "QuantizeLinear") return true;
    if (reader.op !== "Relu" && reader.op !== "Clip") return false;
    current = reader;
  }
}

function isAlongOutputs(
  weights: Quantized,
  { op, attributes }: Node,
  outputs: number,
  graph: Rewriter,
): boolean {
  if (weights.axis === null) return true;
  const axis = op === "Gemm" && (attributes.get("transB") ?? 0) === 0 ? 1 : 0;
  return weights.axis === axis && graph.constant(weights.scale)!.data.length === outputs;
}

const { fround } = Math;

/** To the nearest integer, ties to even. */
function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** f32 weights as a DequantizeLinear of int8. */
function quantizeWeights(name: string, graph: Rewriter): { node: Node; name: string; scale: string } | null {
  const weights = graph.constant(name);
  if (weights?.dtype !== "f32") return null;
  let [low, high] = [0, 0];
  for (const each of weights.data) [low, high] = [Math.min(low, each), Math.max(high, each)];
  const step = high === low ? 1 : fround(fround(high - low) / 255);
  const zero = nearestEven(clamp(fround(-128 - fround(low / step)), -128, 127));
  const data = Int8Array.from(weights.data, (each) =>
    clamp(nearestEven(fround(each / step)) + zero, -128, 127),
  );
  const bytes = graph.addConstant(name, { dtype: "i8", shape: weights.shape, data });
  const scale = graph.addConstant(name, { dtype: "f32", shape: [], data: Float32Array.of(step) });
  const zeroPoint = graph.addConstant(name, { dtype: "i8", shape: [], data: Int8Array.of(zero) });
  const node = dequantize(graph.addValue(name), [bytes, scale, zeroPoint], new Map());
  return { node, name: node.outputs[0]!, scale };
}

/** An f32 bias in int32, in steps of input scale times each weight scale: both names. */
export function quantizeBias(
  name: string,
  bias: Float32Array,
  scales: Float32Array,
  input: number,
  graph: Rewriter,
): { readonly sums: string; readonly scale: string } {
  const steps = scales.map((each) => input * each);
  const data = Int32Array.from(bias, (each, index) =>
    clamp(nearestEven(fround(each / steps[steps.length === 1 ? 0 : index]!)), -(2 ** 31), 2 ** 31 - 1),
  );
  const shape = steps.length === 1 ? [] : [steps.length];
  return {
    sums: graph.addConstant(name, { dtype: "i32", shape: [bias.length], data }),
    scale: graph.addConstant(name, { dtype: "f32", shape, data: steps }),
  };
}

function dequantizedBias(
  name: string,
  bias: Float32Array,
  scales: Float32Array,
  input: number,
  graph: Rewriter,
): Node {
  const { sums, scale } = quantizeBias(name, bias, scales, input, graph);
  return dequantize(graph.addValue(name), [sums, scale], new Map([["axis", 0]]));
}

function dequantize(name: string, inputs: readonly string[], attributes: Node["attributes"]): Node {
  return { name, domain: "", op: "DequantizeLinear", inputs, outputs: [name], attributes };
}
