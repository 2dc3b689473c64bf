// Convolutions, products, pools, normalizations and reductions, in f64.
import type { Call, Operators } from "./interpret.ts";
import {
  broadcastShape,
  broadcastStrides,
  combine,
  count,
  create,
  forEach,
  fromStart,
  offset,
  strides,
  type Tensor,
} from "./tensor.ts";

/** Of one spatial axis: how many outputs there are and how many padding elements stand before the input. */
interface Extent {
  readonly outputs: number;
  readonly before: number;
}

interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly extents: readonly Extent[];
}

function windowOf(
  { numbers, attribute, number }: Call,
  sizes: readonly number[],
  kernel: readonly number[],
): Window {
  const ones = kernel.map(() => 1);
  const steps = numbers("strides") ?? ones;
  const dilations = numbers("dilations") ?? ones;
  const pads = numbers("pads") ?? [...ones, ...ones].map(() => 0);
  const padding = attribute("auto_pad") ?? "NOTSET";
  if (number("ceil_mode", 0) !== 0) throw new RangeError("ceil_mode");
  const extents = sizes.map((size, axis): Extent => {
    const span = (kernel[axis]! - 1) * dilations[axis]! + 1;
    if (padding === "SAME_UPPER") {
      const outputs = Math.ceil(size / steps[axis]!);
      const total = Math.max(0, (outputs - 1) * steps[axis]! + span - size);
      return { outputs, before: Math.floor(total / 2) };
    }
    if (padding !== "NOTSET" && padding !== "VALID") throw new RangeError(`auto_pad ${padding}`);
    const padded = size + pads[axis]! + pads[axis + sizes.length]!;
    return { outputs: Math.floor((padded - span) / steps[axis]!) + 1, before: pads[axis]! };
  });
  return { kernel, strides: steps, dilations, extents };
}

/** For one output place, the input places under the window by kernel place; those in the padding are left out. */
function under(
  window: Window,
  sizes: readonly number[],
  place: readonly number[],
): { readonly from: Int32Array; readonly taps: Int32Array } {
  const from: number[] = [];
  const taps: number[] = [];
  const steps = strides(sizes);
  forEach(window.kernel, (index, tap) => {
    const at = index.map(
      (k, axis) =>
        place[axis]! * window.strides[axis]! - window.extents[axis]!.before + k * window.dilations[axis]!,
    );
    if (!at.every((value, axis) => value >= 0 && value < sizes[axis]!)) return;
    from.push(offset(at, steps));
    taps.push(tap);
  });
  return { from: Int32Array.from(from), taps: Int32Array.from(taps) };
}

function conv(call: Call): Tensor[] {
  const [x, weights, bias] = [call.input(0), call.input(1), call.optional(2)];
  const [batch = 0, channels = 0, ...sizes] = x.shape;
  const [outputs = 0, perGroup = 0, ...kernel] = weights.shape;
  const groups = call.number("group", 1);
  if (perGroup * groups !== channels)
    throw new RangeError(`${channels} channels, weights [${weights.shape}]`);
  const window = windowOf(call, sizes, kernel);
  const places = window.extents.map((extent) => extent.outputs);
  const result = create(x.dtype, [batch, outputs, ...places]);
  const [plane, area, size] = [count(sizes), count(places), count(kernel)];
  const perImage = outputs / groups;
  const patch = new Float64Array(perGroup * size);
  forEach(places, (place, at) => {
    const { from, taps } = under(window, sizes, place);
    for (let image = 0; image < batch * groups; image++) {
      // What is under the window, in the order of the weights; 0 in the padding.
      patch.fill(0);
      for (let c = 0; c < perGroup; c++) {
        const start = (image * perGroup + c) * plane;
        for (let i = 0; i < from.length; i++) patch[c * size + taps[i]!] = x.data[start + from[i]!]!;
      }
      for (let o = 0; o < perImage; o++) {
        const channel = (image % groups) * perImage + o;
        let sum = bias?.data[channel] ?? 0;
        for (let i = 0; i < patch.length; i++) sum += patch[i]! * weights.data[channel * patch.length + i]!;
        result.data[(image * perImage + o) * area + at] = sum;
      }
    }
  });
  return [result];
}

/** Each input element adds its weights to the outputs under it. */
function convTranspose(call: Call): Tensor[] {
  const [x, weights, bias] = [call.input(0), call.input(1), call.optional(2)];
  const [batch = 0, channels = 0, ...sizes] = x.shape;
  const [, perGroup = 0, ...kernel] = weights.shape;
  const groups = call.number("group", 1);
  const outputs = perGroup * groups;
  const ones = kernel.map(() => 1);
  const steps = call.numbers("strides") ?? ones;
  const pads = call.numbers("pads") ?? [...ones, ...ones].map(() => 0);
  const wanted = call.numbers("output_shape");
  const same = call.attribute("auto_pad") === "SAME_UPPER";
  const extents = sizes.map((size, axis): Extent => {
    const whole = (size - 1) * steps[axis]! + kernel[axis]!;
    const target =
      wanted?.[axis] ?? (same ? size * steps[axis]! : whole - pads[axis]! - pads[axis + sizes.length]!);
    const before = wanted || same ? Math.floor((whole - target) / 2) : pads[axis]!;
    return { outputs: target, before };
  });
  const places = extents.map((extent) => extent.outputs);
  const result = create(x.dtype, [batch, outputs, ...places]);
  if (bias) forEach(result.shape, (index, at) => (result.data[at] = bias.data[index[1]!]!));
  const [plane, taps, area] = [count(sizes), count(kernel), count(places)];
  forEach(sizes, (from, fromAt) => {
    forEach(kernel, (tap, tapAt) => {
      const to = from.map((value, axis) => value * steps[axis]! + tap[axis]! - extents[axis]!.before);
      if (!to.every((value, axis) => value >= 0 && value < places[axis]!)) return;
      const toAt = offset(to, strides(places));
      for (let n = 0; n < batch; n++)
        for (let c = 0; c < channels; c++)
          for (let o = 0; o < perGroup; o++) {
            const output = Math.floor(c / (channels / groups)) * perGroup + o;
            result.data[(n * outputs + output) * area + toAt]! +=
              x.data[(n * channels + c) * plane + fromAt]! * weights.data[(c * perGroup + o) * taps + tapAt]!;
          }
    });
  });
  return [result];
}

/** The padding counts neither to the largest nor to the average. */
const pool = (summarize: (values: readonly number[]) => number) => (call: Call) => {
  const x = call.input(0);
  const [batch = 0, channels = 0, ...sizes] = x.shape;
  const window = windowOf(call, sizes, call.numbers("kernel_shape")!);
  const places = window.extents.map((extent) => extent.outputs);
  const result = create(x.dtype, [batch, channels, ...places]);
  const [plane, area] = [count(sizes), count(places)];
  forEach(places, (place, at) => {
    const { from } = under(window, sizes, place);
    for (let image = 0; image < batch * channels; image++) {
      result.data[image * area + at] = summarize(Array.from(from, (at) => x.data[image * plane + at]!));
    }
  });
  return [result];
};

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const globalPool = (summarize: (values: readonly number[]) => number) => (call: Call) => {
  const x = call.input(0);
  const [batch = 0, channels = 0, ...sizes] = x.shape;
  const plane = count(sizes);
  const result = create(x.dtype, [batch, channels, ...sizes.map(() => 1)]);
  for (let image = 0; image < batch * channels; image++) {
    result.data[image] = summarize(Array.from(x.data.subarray(image * plane, (image + 1) * plane)));
  }
  return [result];
};

function multiply(a: Tensor, b: Tensor): Tensor {
  const [rows, inner, columns] = [a.shape.at(-2)!, a.shape.at(-1)!, b.shape.at(-1)!];
  if (b.shape.at(-2) !== inner) throw new RangeError("inner sizes differ");
  const batch = broadcastShape([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const [aSteps, bSteps] = [a, b].map((operand) => broadcastStrides(operand.shape.slice(0, -2), batch));
  const result = create(a.dtype, [...batch, rows, columns]);
  forEach(batch, (index, at) => {
    const aAt = offset(index, aSteps!) * rows * inner;
    const bAt = offset(index, bSteps!) * inner * columns;
    for (let i = 0; i < rows; i++)
      for (let k = 0; k < inner; k++)
        for (let j = 0; j < columns; j++)
          result.data[(at * rows + i) * columns + j]! +=
            a.data[aAt + i * inner + k]! * b.data[bAt + k * columns + j]!;
  });
  return result;
}

/** Vectors along one axis, each replaced by what `change` makes of it. */
function along(x: Tensor, given: number, change: (values: number[]) => number[]): Tensor {
  const axis = fromStart(given, x.shape.length);
  const step = strides(x.shape)[axis]!;
  const result = create(x.dtype, x.shape);
  forEach(
    x.shape.map((size, i) => (i === axis ? 1 : size)),
    (index) => {
      const base = offset(index, strides(x.shape));
      const values = Array.from({ length: x.shape[axis]! }, (_, i) => x.data[base + i * step]!);
      for (const [i, value] of change(values).entries()) result.data[base + i * step] = value;
    },
  );
  return result;
}

function softmax(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

function batchNormalization({ input, number }: Call): Tensor[] {
  const x = input(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => input(index).data);
  const epsilon = number("epsilon", 1e-5);
  const result = create(x.dtype, x.shape);
  forEach(x.shape, (index, at) => {
    const c = index[1]!;
    result.data[at] =
      ((x.data[at]! - mean![c]!) / Math.sqrt(variance![c]! + epsilon)) * scale![c]! + bias![c]!;
  });
  return [result];
}

/** Over `axis` and all behind it. Without a centre it is RMSNormalization. */
const normalization =
  (isCentred: boolean) =>
  ({ input, optional, number }: Call): Tensor[] => {
    const [x, scale, bias] = [input(0), input(1), optional(2)];
    const size = count(x.shape.slice(fromStart(number("axis", -1), x.shape.length)));
    const epsilon = number("epsilon", 1e-5);
    const rows = { ...x, shape: [x.data.length / size, size] };
    const result = along(rows, -1, (values) => {
      const mean = isCentred ? average(values) : 0;
      const variance = average(values.map((value) => (value - mean) ** 2));
      return values.map(
        (value, i) =>
          ((value - mean) / Math.sqrt(variance + epsilon)) * scale.data[i]! + (bias?.data[i] ?? 0),
      );
    });
    return [{ ...result, shape: x.shape }];
  };

/** Without alpha, beta and a transposed first operand. */
function gemm({ input, inputs, number }: Call): Tensor[] {
  const [rows = 0, columns = 0] = input(1).shape;
  const isTransposed = number("transB", 0) !== 0;
  const matrix = create(input(1).dtype, isTransposed ? [columns, rows] : [rows, columns]);
  forEach([rows, columns], ([row = 0, column = 0], at) => {
    matrix.data[isTransposed ? column * rows + row : at] = input(1).data[at]!;
  });
  return linear([input(0), matrix, ...inputs.slice(2)]);
}

/** x · W + b */
function linear([x, weights, bias]: readonly Tensor[]): Tensor[] {
  const product = multiply(x!, weights!);
  return [bias === undefined ? product : combine([product, bias], x!.dtype, (a, b) => a + b)];
}

function axesOf({ integers, input }: Call): Set<number> {
  const rank = input(0).shape.length;
  const axes = integers(1) ?? input(0).shape.map((_, axis) => axis);
  return new Set(axes.map((axis) => fromStart(axis, rank)));
}

const reduce =
  (start: number, fold: (a: number, b: number) => number, mean = false) =>
  (call: Call) => {
    const x = call.input(0);
    const axes = axesOf(call);
    const kept = x.shape.map((size, axis) => (axes.has(axis) ? 1 : size));
    const steps = broadcastStrides(kept, x.shape);
    const data = new Float64Array(count(kept)).fill(start);
    forEach(x.shape, (index, at) => {
      const to = offset(index, steps);
      data[to] = fold(data[to]!, x.data[at]!);
    });
    const shape = call.number("keepdims", 1) !== 0 ? kept : x.shape.filter((_, axis) => !axes.has(axis));
    const share = mean ? x.data.length / data.length : 1;
    return [{ dtype: x.dtype, shape, data: data.map((value) => value / share) }];
  };

const argument = (better: (a: number, b: number) => boolean) => (call: Call) => {
  const x = call.input(0);
  const axis = fromStart(call.number("axis", 0), x.shape.length);
  const places = along(x, axis, (values) => {
    const best = values.reduce((at, value, i) => (better(value, values[at]!) ? i : at), 0);
    return values.map(() => best);
  });
  const keep = call.number("keepdims", 1) !== 0;
  const shape = x.shape.flatMap((size, i) => (i !== axis ? [size] : keep ? [1] : []));
  const first: number[] = [];
  forEach(x.shape, (index, at) => {
    if (index[axis] === 0) first.push(places.data[at]!);
  });
  return [{ dtype: "i64" as const, shape, data: Float64Array.from(first) }];
};

export const LINEAR: Operators = {
  "quorate.Attention": ({ input, inputs, number }) => {
    const product = multiply(input(0), input(1));
    const scores = combine([product, ...inputs.slice(3)], "f32", (score, ...terms) =>
      terms.reduce((sum, term) => sum + term, number("scale", 1) * score),
    );
    return [multiply(along(scores, -1, softmax), input(2))];
  },
  "quorate.Linear": ({ inputs }) => linear(inputs),
  ArgMax: argument((a, b) => a > b),
  ArgMin: argument((a, b) => a < b),
  AveragePool: pool(average),
  BatchNormalization: batchNormalization,
  Conv: conv,
  ConvTranspose: convTranspose,
  GlobalAveragePool: globalPool(average),
  GlobalMaxPool: globalPool((values) => Math.max(...values)),
  Gemm: gemm,
  LayerNormalization: normalization(true),
  LogSoftmax: ({ input, number }) => [
    along(input(0), number("axis", -1), (values) => softmax(values).map(Math.log)),
  ],
  MatMul: ({ input }) => [multiply(input(0), input(1))],
  MaxPool: pool((values) => Math.max(...values)),
  RMSNormalization: normalization(false),
  ReduceMax: reduce(-Infinity, Math.max),
  ReduceMean: reduce(0, (a, b) => a + b, true),
  ReduceMin: reduce(Infinity, Math.min),
  ReduceProd: reduce(1, (a, b) => a * b),
  ReduceSum: reduce(0, (a, b) => a + b),
  Softmax: ({ input, number }) => [along(input(0), number("axis", -1), softmax)],
};
