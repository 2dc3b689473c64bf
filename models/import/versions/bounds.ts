// Sizes and bounds that were attributes and are inputs: Clip (11), Pad (11), Slice (10), Split (13, 18), TopK (10),
// Reshape (5), Tile (6).
import {
  float32s,
  int64s,
  integersOf,
  numberOf,
  type Translate,
  unsupported,
  withAttributes,
  withInput,
} from "../translation.ts";

/** What an unbounded side of an old Clip is. */
const LARGEST_F32 = (2 - 2 ** -23) * 2 ** 127;

const clip: Translate = (node, version, translation) => {
  if (version >= 11) return node;
  const bounds = [numberOf(node, "min", -LARGEST_F32), numberOf(node, "max", LARGEST_F32)];
  const inputs = bounds.map((bound, index) =>
    Math.abs(bound) >= LARGEST_F32
      ? ""
      : translation.addConstant(`${node.name}:${index === 0 ? "min" : "max"}`, float32s([bound], [])),
  );
  const bare = withAttributes(node, { min: null, max: null });
  return { ...bare, inputs: [node.inputs[0] ?? "", ...inputs] };
};

const pad: Translate = (node, version, translation) => {
  if (version >= 11) return node;
  const pads = integersOf(node, version === 1 ? "paddings" : "pads", []);
  const value = numberOf(node, "value", 0);
  const inputs = [node.inputs[0] ?? "", translation.addConstant(`${node.name}:pads`, int64s(pads))];
  if (value !== 0) inputs.push(translation.addConstant(`${node.name}:value`, float32s([value], [])));
  return { ...withAttributes(node, { paddings: null, pads: null, value: null }), inputs };
};

const slice: Translate = (node, version, translation) => {
  if (version >= 10) return node;
  const starts = integersOf(node, "starts", []);
  const ends = integersOf(node, "ends", []);
  const axes = integersOf(node, "axes", null);
  const inputs = [
    node.inputs[0] ?? "",
    translation.addConstant(`${node.name}:starts`, int64s(starts)),
    translation.addConstant(`${node.name}:ends`, int64s(ends)),
  ];
  if (axes !== null) inputs.push(translation.addConstant(`${node.name}:axes`, int64s(axes)));
  return { ...withAttributes(node, { starts: null, ends: null, axes: null }), inputs };
};

const split: Translate = (node, version, translation) => {
  const sizes = version < 13 ? integersOf(node, "split", null) : null;
  const bare = version < 13 ? withAttributes(node, { split: null }) : node;
  if (sizes !== null) return withInput(bare, 1, translation.addConstant(`${node.name}:split`, int64s(sizes)));
  // Without sizes the parts are equal; from 18 on their number has to be said.
  if (version >= 18 || (node.inputs[1] ?? "") !== "") return bare;
  return withAttributes(bare, { num_outputs: node.outputs.length });
};

const topK: Translate = (node, version, translation) => {
  if (version >= 10) return node;
  const k = numberOf(node, "k", null);
  if (k === null || !Number.isInteger(k)) throw unsupported(node, "no attribute k");
  return withInput(
    withAttributes(node, { k: null }),
    1,
    translation.addConstant(`${node.name}:k`, int64s([k])),
  );
};

const reshape: Translate = (node, version, translation) => {
  if (version >= 5) return node;
  const shape = integersOf(node, "shape", null);
  if (shape === null) throw unsupported(node, "no attribute shape");
  const input = translation.addConstant(`${node.name}:shape`, int64s(shape));
  return withInput(withAttributes(node, { shape: null }), 1, input);
};

/** Tile-1 repeats one axis; later ones all of them. */
const tile: Translate = (node, version, translation) => {
  if (version >= 6) return node;
  const [tiles, axis] = node.inputs.slice(1).map((name) => translation.constant(name)?.data[0]);
  const rank = translation.rank(node.inputs[0] ?? "");
  if (tiles === undefined || axis === undefined || rank === undefined) {
    throw unsupported(node, "tiles or axis that are computed, or a tensor of unknown rank");
  }
  const repeats = Array.from({ length: rank }, (_, index) => (index === Number(axis) ? Number(tiles) : 1));
  const input = translation.addConstant(`${node.name}:repeats`, int64s(repeats.map(Math.trunc)));
  return { ...node, inputs: [node.inputs[0] ?? "", input] };
};

/** DFT had its axis as an attribute until 20. */
const dft: Translate = (node, version, translation) => {
  if (version >= 20) return node;
  const axis = translation.addConstant(`${node.name}:axis`, {
    ...int64s([Math.trunc(numberOf(node, "axis", 1))]),
    shape: [],
  });
  return withInput(withAttributes(node, { axis: null }), 2, axis);
};

/** MeanVarianceNormalization-1 says whether to reduce over channels; from 9 on it names the axes. */
const meanVariance: Translate = (node, version) => {
  if (version >= 9) return node;
  if (numberOf(node, "normalize_variance", 1) === 0)
    throw unsupported(node, "a variance that is not normalized");
  const axes = numberOf(node, "across_channels", 0) === 0 ? [0, 2, 3] : [0, 1, 2, 3];
  return withAttributes(node, { across_channels: null, normalize_variance: null, axes });
};

/** Norm pools had a real p in opset 1. */
const normPool: Translate = (node, version) =>
  version >= 2 ? node : withAttributes(node, { p: Math.trunc(numberOf(node, "p", 2)) });

const oldDefault =
  (name: string, value: number | string, until: number): Translate =>
  (node, version) =>
    version >= until || node.attributes.has(name) ? node : withAttributes(node, { [name]: value });

/** Selu-1 had its constants with fewer digits. */
const selu: Translate = (node, version) =>
  version >= 6
    ? node
    : withAttributes(node, {
        alpha: numberOf(node, "alpha", Math.fround(1.6732)),
        gamma: numberOf(node, "gamma", Math.fround(1.0507)),
      });

export const BOUNDS: Readonly<Record<string, Translate>> = {
  Clip: clip,
  Pad: pad,
  Slice: slice,
  Split: split,
  TopK: topK,
  Reshape: reshape,
  Tile: tile,
  DFT: dft,
  MeanVarianceNormalization: meanVariance,
  LpPool: normPool,
  GlobalLpPool: normPool,
  Selu: selu,
  Concat: oldDefault("axis", 1, 4),
  RoiAlign: oldDefault("coordinate_transformation_mode", "output_half_pixel", 16),
};
