// Operators that move elements and those that compute shapes.
import type { Call, Operators } from "./interpret.ts";
import {
  broadcastShape,
  broadcastStrides,
  count,
  create,
  forEach,
  fromStart,
  move,
  offset,
  strides,
  type Tensor,
} from "./tensor.ts";

function reshape({ input, integers, number }: Call): Tensor[] {
  const x = input(0);
  const copies = number("allowzero", 0) === 0;
  const sizes = integers(1)!.map((size, axis) => (size === 0 && copies ? x.shape[axis]! : size));
  const known = count(sizes.filter((size) => size !== -1));
  const shape = sizes.map((size) => (size === -1 ? x.data.length / known : size));
  if (count(shape) !== x.data.length) throw new RangeError(`[${x.shape}] is not [${shape}]`);
  return [{ ...x, shape }];
}

function transpose({ input, numbers }: Call): Tensor[] {
  const x = input(0);
  const order = numbers("perm") ?? x.shape.map((_, axis) => axis).reverse();
  const own = strides(x.shape);
  const steps = order.map((axis) => own[axis]!);
  return [
    move(
      x,
      order.map((axis) => x.shape[axis]!),
      (index) => offset(index, steps),
    ),
  ];
}

function concat({ inputs, number }: Call): Tensor[] {
  const first = inputs[0]!;
  const axis = fromStart(number("axis", 0), first.shape.length);
  const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  const result = create(
    first.dtype,
    first.shape.map((size, i) => (i === axis ? total : size)),
  );
  let start = 0;
  for (const { shape, data } of inputs) {
    forEach(shape, (index, at) => {
      const to = index.map((value, i) => (i === axis ? value + start : value));
      result.data[offset(to, strides(result.shape))] = data[at]!;
    });
    start += shape[axis]!;
  }
  return [result];
}

function split({ node, input, integers, number }: Call): Tensor[] {
  const x = input(0);
  const axis = fromStart(number("axis", 0), x.shape.length);
  const even = Math.ceil(x.shape[axis]! / node.outputs.length);
  const sizes = integers(1) ?? node.outputs.map((_, part) => Math.min(even, x.shape[axis]! - part * even));
  const steps = strides(x.shape);
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    return move(
      x,
      x.shape.map((old, i) => (i === axis ? size : old)),
      (index) => offset(index, steps) + from * steps[axis]!,
    );
  });
}

function slice({ input, integers }: Call): Tensor[] {
  const x = input(0);
  const [starts, ends] = [integers(1)!, integers(2)!];
  const axes = integers(3) ?? starts.map((_, axis) => axis);
  const shape = [...x.shape];
  const first = x.shape.map(() => 0);
  const steps = x.shape.map(() => 1);
  for (const [i, given] of axes.entries()) {
    const axis = fromStart(given, x.shape.length);
    const size = x.shape[axis]!;
    const step = integers(4)?.[i] ?? 1;
    const at = (value: number) => (value < 0 ? value + size : value);
    const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
    const start = step > 0 ? clamp(at(starts[i]!), 0, size) : clamp(at(starts[i]!), 0, size - 1);
    const end = step > 0 ? clamp(at(ends[i]!), 0, size) : clamp(at(ends[i]!), -1, size - 1);
    shape[axis] = Math.max(0, Math.ceil((end - start) / step));
    first[axis] = start;
    steps[axis] = step;
  }
  const own = strides(x.shape);
  return [
    move(x, shape, (index) =>
      offset(
        index.map((value, axis) => first[axis]! + value * steps[axis]!),
        own,
      ),
    ),
  ];
}

function gather({ input, number }: Call): Tensor[] {
  const [x, indices] = [input(0), input(1)];
  const axis = fromStart(number("axis", 0), x.shape.length);
  const rank = indices.shape.length;
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const result = move(x, shape, (index) => {
    const picked = indices.data[offset(index.slice(axis, axis + rank), strides(indices.shape))]!;
    const row = fromStart(picked, x.shape[axis]!);
    if (row < 0 || row >= x.shape[axis]!) throw new RangeError(`index ${picked} of ${x.shape[axis]}`);
    return offset([...index.slice(0, axis), row, ...index.slice(axis + rank)], strides(x.shape));
  });
  return [result];
}

function gatherNd({ input }: Call): Tensor[] {
  const [x, indices] = [input(0), input(1)];
  const depth = indices.shape.at(-1)!;
  const outer = indices.shape.length - 1;
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
  return [
    move(x, shape, (index) => {
      const row = offset([...index.slice(0, outer), 0], strides(indices.shape));
      return offset([...indices.data.subarray(row, row + depth), ...index.slice(outer)], strides(x.shape));
    }),
  ];
}

function scatterNd({ input, attribute }: Call): Tensor[] {
  const [x, indices, updates] = [input(0), input(1), input(2)];
  const depth = indices.shape.at(-1)!;
  const sums = attribute("reduction") === "add";
  const data = x.data.slice();
  const outer = indices.shape.length - 1;
  forEach(updates.shape, (index, at) => {
    const row = offset([...index.slice(0, outer), 0], strides(indices.shape));
    const to = offset([...indices.data.subarray(row, row + depth), ...index.slice(outer)], strides(x.shape));
    data[to] = updates.data[at]! + (sums ? data[to]! : 0);
  });
  return [{ ...x, data }];
}

function nonZero({ input }: Call): Tensor[] {
  const x = input(0);
  const found: number[][] = [];
  forEach(x.shape, (index, at) => {
    if (x.data[at] !== 0) found.push([...index]);
  });
  const data = x.shape.flatMap((_, axis) => found.map((index) => index[axis]!));
  return [{ dtype: "i64", shape: [x.shape.length, found.length], data: Float64Array.from(data) }];
}

function pad({ input, integers, optional, attribute }: Call): Tensor[] {
  const x = input(0);
  const pads = integers(1)!;
  const rank = x.shape.length;
  const mode = attribute("mode") ?? "constant";
  const shape = x.shape.map((size, axis) => size + pads[axis]! + pads[axis + rank]!);
  const place = (value: number, size: number) => {
    if (value >= 0 && value < size) return value;
    if (mode === "constant") return null;
    if (mode === "reflect") return value < 0 ? -value : 2 * (size - 1) - value;
    throw new RangeError(`mode ${mode}`);
  };
  return [
    move(
      x,
      shape,
      (index) => {
        const from = index.map((value, axis) => place(value - pads[axis]!, x.shape[axis]!));
        return from.includes(null) ? -1 : offset(from as number[], strides(x.shape));
      },
      optional(2)?.data[0] ?? 0,
    ),
  ];
}

function expand({ input, integers }: Call): Tensor[] {
  const x = input(0);
  const shape = broadcastShape([x.shape, integers(1)!]);
  const steps = broadcastStrides(x.shape, shape);
  return [move(x, shape, (index) => offset(index, steps))];
}

function tile({ input, integers }: Call): Tensor[] {
  const x = input(0);
  const shape = x.shape.map((size, axis) => size * integers(1)![axis]!);
  return [
    move(x, shape, (index) =>
      offset(
        index.map((value, axis) => value % x.shape[axis]!),
        strides(x.shape),
      ),
    ),
  ];
}

function range({ input }: Call): Tensor[] {
  const [start, limit, delta] = [0, 1, 2].map((index) => input(index).data[0]!);
  const length = Math.max(0, Math.ceil((limit! - start!) / delta!));
  const data = Float64Array.from({ length }, (_, i) => start! + i * delta!);
  return [{ dtype: input(0).dtype, shape: [length], data }];
}

function squeeze({ input, integers }: Call): Tensor[] {
  const x = input(0);
  const axes = integers(1)?.map((axis) => fromStart(axis, x.shape.length));
  return [{ ...x, shape: x.shape.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1)) }];
}

function unsqueeze({ input, integers }: Call): Tensor[] {
  const x = input(0);
  const rank = x.shape.length + integers(1)!.length;
  const axes = new Set(integers(1)!.map((axis) => fromStart(axis, rank)));
  const left = [...x.shape];
  return [{ ...x, shape: Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : left.shift()!)) }];
}

/** Interpolates along the axes one after the other: to sizes, or by scales, which then decide the places too. */
function resize({ input, integers, optional, attribute, numbers }: Call): Tensor[] {
  const axes = numbers("axes") ?? input(0).shape.map((_, axis) => axis);
  const scales = optional(2)?.data;
  const mode = attribute("coordinate_transformation_mode");
  return [
    axes.reduce((x, axis, i) => {
      const from = x.shape[axis]!;
      const to = scales === undefined ? integers(3)![i]! : Math.floor(from * scales[i]!);
      const step = 1 / (scales?.[i] ?? to / from);
      const own = strides(x.shape);
      const result = create(
        x.dtype,
        x.shape.map((size, j) => (j === axis ? to : size)),
      );
      forEach(result.shape, (index, at) => {
        const out = index[axis]!;
        const exact =
          mode === "align_corners"
            ? to === 1
              ? 0
              : (out * (from - 1)) / (to - 1)
            : mode === "half_pixel"
              ? (out + 0.5) * step - 0.5
              : out * step;
        const read = (place: number) => {
          const clamped = Math.min(Math.max(place, 0), from - 1);
          return x.data[
            offset(
              index.map((value, j) => (j === axis ? clamped : value)),
              own,
            )
          ]!;
        };
        const low = Math.floor(exact);
        if (attribute("mode") === "linear") {
          result.data[at] = read(low) * (1 - (exact - low)) + read(low + 1) * (exact - low);
        } else {
          const places = { floor: low, ceil: Math.ceil(exact), round_prefer_ceil: Math.floor(exact + 0.5) };
          result.data[at] = read(places[attribute("nearest_mode") as keyof typeof places]);
        }
      });
      return result;
    }, input(0)),
  ];
}

/** Blocks of (row, column, channel): DCR. */
function depthToSpace({ input, number }: Call): Tensor[] {
  const x = input(0);
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  const block = number("blocksize", 1);
  const depth = channels / (block * block);
  return [
    move(x, [batch, depth, height * block, width * block], ([n, c, y, z]) => {
      const channel = ((y! % block) * block + (z! % block)) * depth + c!;
      return offset([n!, channel, Math.floor(y! / block), Math.floor(z! / block)], strides(x.shape));
    }),
  ];
}

function spaceToDepth({ input, number }: Call): Tensor[] {
  const x = input(0);
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  const block = number("blocksize", 1);
  return [
    move(x, [batch, channels * block * block, height / block, width / block], ([n, c, y, z]) => {
      const place = Math.floor(c! / channels);
      const from = [n!, c! % channels, y! * block + Math.floor(place / block), z! * block + (place % block)];
      return offset(from, strides(x.shape));
    }),
  ];
}

export const SHAPE: Operators = {
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: expand,
  Flatten: ({ input, number }) => {
    const x = input(0);
    const rows = count(x.shape.slice(0, number("axis", 1)));
    return [{ ...x, shape: [rows, x.data.length / rows] }];
  },
  Gather: gather,
  GatherND: gatherNd,
  NonZero: nonZero,
  Pad: pad,
  Range: range,
  Reshape: reshape,
  Resize: resize,
  ScatterND: scatterNd,
  Shape: ({ input }) => {
    const { shape } = input(0);
    return [{ dtype: "i64", shape: [shape.length], data: Float64Array.from(shape) }];
  },
  Size: ({ input }) => [{ dtype: "i64", shape: [], data: Float64Array.of(input(0).data.length) }],
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
