// A factor and a summand for each channel, in f64, as operators with constants make them one after the other. They are
// put together before anything is rounded to f32.
import type { Constant, Node } from "../graph.ts";
import { numberOr } from "./numbers.ts";
import type { Rewriter } from "./rewriter.ts";

/** y[c] = scale[c] · x[c] + shift[c]. */
export interface ChannelMap {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** Where the channels of a value are, and how many. */
export interface Channels {
  readonly rank: number;
  readonly axis: number;
  readonly count: number;
}

/**
 * What an operator does with the channels of `input`, null where that is not the same for all of a channel: Mul, Div,
 * Add and Sub with a constant, BatchNormalization.
 */
export function channelMapOf(
  node: Node,
  input: string,
  graph: Rewriter,
  channels: Channels,
): ChannelMap | null {
  if (node.domain !== "") return null;
  if (node.op === "BatchNormalization") {
    return node.inputs[0] === input && channels.axis === Math.min(1, channels.rank - 1)
      ? batchNormalizationOf(node, graph, channels)
      : null;
  }
  if (node.inputs.length !== 2) return null;
  const isFirst = node.inputs[0] === input;
  const constant = graph.constant(node.inputs[isFirst ? 1 : 0]);
  const values = constant === undefined ? null : spread(constant, channels);
  if (values === null || (!isFirst && node.inputs[1] !== input)) return null;
  const all = (value: number) => new Float64Array(channels.count).fill(value);
  switch (node.op) {
    case "Mul":
      return { scale: values, shift: all(0) };
    case "Div":
      return isFirst ? { scale: values.map((value) => 1 / value), shift: all(0) } : null;
    case "Add":
      return { scale: all(1), shift: values };
    case "Sub":
      return isFirst
        ? { scale: all(1), shift: values.map((value) => -value) }
        : { scale: all(-1), shift: values };
    default:
      return null;
  }
}

/** First `inner`, then `outer`. */
export function compose(outer: ChannelMap, inner: ChannelMap): ChannelMap {
  return {
    scale: inner.scale.map((scale, c) => scale * outer.scale[c]!),
    shift: inner.shift.map((shift, c) => shift * outer.scale[c]! + outer.shift[c]!),
  };
}

/** A finite constant that broadcasts to one value a channel without adding dimensions; null for any other. */
function spread(constant: Constant, { rank, axis, count }: Channels): Float64Array | null {
  if (constant.dtype !== "f32" || constant.shape.length > rank) return null;
  const { shape, data } = constant;
  const values = new Float64Array(data);
  if (!values.every(Number.isFinite)) return null;
  if (values.length === 1) return new Float64Array(count).fill(values[0]!);
  const fits = shape.every((size, index) => size === (index + rank - shape.length === axis ? count : 1));
  return fits ? values : null;
}

function batchNormalizationOf({ inputs, attributes }: Node, graph: Rewriter, { count }: Channels) {
  const [scale, bias, mean, variance] = inputs.slice(1).map((name) => graph.constant(name)?.data);
  const all = [scale, bias, mean, variance];
  if (!all.every((data) => data instanceof Float32Array && data.length === count)) return null;
  const epsilon = numberOr(attributes.get("epsilon"), 1e-5);
  const factors = Float64Array.from({ length: count }, (_, c) => {
    return Number(scale![c]) / Math.sqrt(Number(variance![c]) + epsilon);
  });
  return { scale: factors, shift: factors.map((factor, c) => Number(bias![c]) - Number(mean![c]) * factor) };
}

/** Rounded once; null where that is not finite. */
export function roundOnce(values: Float64Array): Float32Array | null {
  const rounded = new Float32Array(values);
  return rounded.every(Number.isFinite) ? rounded : null;
}
