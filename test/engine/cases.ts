// One or more minimal valid manifests for every kind of operation: a single operation between the ports.
import {
  type AttributesOf,
  ELEMENT_BYTES,
  type ElementType,
  type Manifest,
  type Op,
  type OperationKind,
  planMemory,
  type TensorSpec,
} from "../../engine/index.ts";
import { packedBytes } from "../../wasm/packed.ts";

export interface Case<K extends OperationKind = OperationKind> {
  /** null: an optional input that is absent. */
  readonly inputs: readonly (TensorSpec | null)[];
  readonly outputs: readonly TensorSpec[];
  readonly attributes: AttributesOf<K>;
}

const create = (dtype: ElementType, shape: readonly number[], scale = 1, zeroPoint = 0): TensorSpec => ({
  ...{ dtype, shape, scale, zeroPoint, storage: null },
});
const f32 = (...shape: number[]) => create("f32", shape);
const i32 = (...shape: number[]) => create("i32", shape);
const i64 = (...shape: number[]) => create("i64", shape);
const u8 = (...shape: number[]) => create("u8", shape);
const bool = (...shape: number[]) => create("bool", shape);
const qs8 = (...shape: number[]) => create("qs8", shape, 0.5, 3);

const weights = (format: Parameters<typeof packedBytes>[0], outputs: number, inputs: number) => ({
  weights: { offset: 0, bytes: packedBytes(format, outputs, inputs) },
});
const FLAT = { min: -100, max: 100, activation: 0, offset: 0 } as const;
const WINDOW = { kernel: [2, 2], strides: [1, 2], dilations: [1, 1], pads: [1, 0] } as const;
const [IMAGE, WINDOWS] = [
  [1, 3, 4, 2],
  [1, 4, 2, 2],
] as const;

export const CASES: { readonly [K in OperationKind]: readonly Case<K>[] } = {
  convert: [
    { inputs: [u8(2, 3)], outputs: [qs8(2, 3)], attributes: { scale: 1, bias: 0 } },
    { inputs: [u8(2, 3)], outputs: [f32(2, 3)], attributes: { scale: 0.5, bias: 1 } },
  ],
  conv: [
    {
      inputs: [f32(...IMAGE)],
      outputs: [f32(1, 4, 2, 3)],
      attributes: { ...weights("f32", 3, 8), ...WINDOW, ...FLAT },
    },
    {
      inputs: [qs8(...IMAGE)],
      outputs: [qs8(1, 4, 2, 3)],
      attributes: { ...weights("qc8w", 3, 8), ...WINDOW, ...FLAT },
    },
  ],
  dwconv: [
    {
      inputs: [f32(...IMAGE)],
      outputs: [f32(...WINDOWS)],
      attributes: { ...weights("f32", 2, 4), ...WINDOW, ...FLAT },
    },
    {
      inputs: [qs8(...IMAGE)],
      outputs: [qs8(...WINDOWS)],
      attributes: { ...weights("qc8w", 2, 4), ...WINDOW, ...FLAT },
    },
  ],
  gemm: [
    {
      inputs: [f32(2, 4)],
      outputs: [f32(2, 3)],
      attributes: { ...weights("f32", 3, 4), format: 0, ...FLAT },
    },
    {
      inputs: [qs8(2, 4)],
      outputs: [qs8(2, 3)],
      attributes: { ...weights("qc8w", 3, 4), format: 0, ...FLAT },
    },
    {
      inputs: [qs8(2, 4)],
      outputs: [f32(2, 3)],
      attributes: { ...weights("qc8w", 3, 4), format: 0, ...FLAT },
    },
    {
      inputs: [f32(2, 4)],
      outputs: [f32(2, 3)],
      attributes: { ...weights("qd8w", 3, 4), format: 1, ...FLAT },
    },
    {
      inputs: [f32(2, 32)],
      outputs: [f32(2, 3)],
      attributes: { ...weights("qb4w", 3, 32), format: 2, ...FLAT },
    },
  ],
  add: [
    { inputs: [f32(2, 3), f32(2, 3)], outputs: [f32(2, 3)], attributes: { min: -9, max: 9 } },
    { inputs: [qs8(2, 3), qs8(2, 3)], outputs: [qs8(2, 3)], attributes: { min: -9, max: 9 } },
  ],
  avgpool: [
    {
      inputs: [f32(...IMAGE)],
      outputs: [f32(...WINDOWS)],
      attributes: { ...WINDOW, min: -9, max: 9, padded: [] },
    },
    {
      inputs: [qs8(...IMAGE)],
      outputs: [qs8(...WINDOWS)],
      attributes: { ...WINDOW, min: -9, max: 9, padded: [5, 4] },
    },
  ],
  softmax: [{ inputs: [f32(2, 3)], outputs: [f32(2, 3)], attributes: {} }],
  unary: [{ inputs: [f32(2, 3)], outputs: [f32(2, 3)], attributes: { code: 0, alpha: 1, beta: 0 } }],
  binary: [
    { inputs: [f32(2, 1), f32(3)], outputs: [f32(2, 3)], attributes: { code: 0 } },
    { inputs: [i64(2, 1), i64(3)], outputs: [i64(2, 3)], attributes: { code: 3 } },
  ],
  compare: [{ inputs: [i32(2, 1), i32(3)], outputs: [bool(2, 3)], attributes: { code: 0 } }],
  select: [{ inputs: [bool(3), f32(2, 1), f32(3)], outputs: [f32(2, 3)], attributes: {} }],
  cast: [{ inputs: [f32(2, 3)], outputs: [i32(2, 3)], attributes: {} }],
  quantize: [{ inputs: [f32(2, 3, 2), f32(3), i32(3)], outputs: [qs8(2, 3, 2)], attributes: { axis: 1 } }],
  dequantize: [
    { inputs: [u8(2, 3, 2), f32(3), i32(3)], outputs: [f32(2, 3, 2)], attributes: { axis: 1 } },
    { inputs: [i32(2, 3, 2), f32(1), i32(1)], outputs: [f32(2, 3, 2)], attributes: { axis: 0 } },
  ],
  transpose: [{ inputs: [f32(2, 3, 4)], outputs: [f32(4, 2, 3)], attributes: { permutation: [2, 0, 1] } }],
  slice: [{ inputs: [f32(3, 4)], outputs: [f32(2, 2)], attributes: { starts: [2, 1], steps: [-1, 2] } }],
  concat: [{ inputs: [f32(2, 3), f32(2, 1)], outputs: [f32(2, 4)], attributes: { axis: 1 } }],
  expand: [{ inputs: [f32(2, 1)], outputs: [f32(3, 2, 4)], attributes: {} }],
  fill: [{ inputs: [], outputs: [i64(2, 3)], attributes: { low: 5, high: 1 } }],
  pad_constant: [
    { inputs: [f32(2, 3)], outputs: [f32(4, 3)], attributes: { before: [1, -1], low: 0, high: 0 } },
  ],
  pad: [{ inputs: [f32(3, 4)], outputs: [f32(5, 6)], attributes: { mode: 1, before: [1, 2] } }],
  sizes: [{ inputs: [], outputs: [i64(3)], attributes: { values: [1, -2, 3] } }],
  trilu: [{ inputs: [f32(2, 3, 4)], outputs: [f32(2, 3, 4)], attributes: { upper: 1, diagonal: 1 } }],
  reduce: [
    { inputs: [f32(2, 3, 4)], outputs: [f32(2, 4)], attributes: { code: 0, axis: 1, axes: 1 } },
    { inputs: [i64(2, 3)], outputs: [i64(2, 1)], attributes: { code: 1, axis: 1, axes: 1 } },
  ],
  argreduce: [{ inputs: [f32(2, 3, 4)], outputs: [i32(2, 4)], attributes: { axis: 1, largest: 1, last: 0 } }],
  topk: [{ inputs: [f32(2, 5)], outputs: [f32(2, 3), i32(2, 3)], attributes: { axis: 1, largest: 1 } }],
  cumsum: [{ inputs: [f32(2, 3)], outputs: [f32(2, 3)], attributes: { axis: 1, exclusive: 1, reverse: 0 } }],
  gather: [{ inputs: [f32(2, 3, 2), i64(4)], outputs: [f32(2, 4, 2)], attributes: { axis: 1 } }],
  gather_elements: [{ inputs: [f32(2, 3), i32(2, 2)], outputs: [f32(2, 2)], attributes: { axis: 1 } }],
  gather_nd: [{ inputs: [f32(2, 3, 4), i32(2, 5, 1)], outputs: [f32(2, 5, 4)], attributes: { batch: 1 } }],
  scatter_nd: [
    { inputs: [f32(3, 2), i32(4, 1), f32(4, 2)], outputs: [f32(3, 2)], attributes: { reduction: 1 } },
    { inputs: [bool(3, 2), i64(4, 2), bool(4)], outputs: [bool(3, 2)], attributes: { reduction: 0 } },
  ],
  scatter_elements: [
    {
      inputs: [i64(3, 2), i32(2, 2), i64(2, 2)],
      outputs: [i64(3, 2)],
      attributes: { axis: 0, reduction: 3 },
    },
  ],
  matmul: [
    {
      inputs: [f32(2, 3, 4), f32(5, 4)],
      outputs: [f32(2, 3, 5)],
      attributes: { alpha: 0.5, aOrder: [0, 1, 2], bOrder: [1, 0] },
    },
  ],
  log_softmax: [{ inputs: [f32(2, 3)], outputs: [f32(2, 3)], attributes: {} }],
  normalize: [
    { inputs: [f32(2, 3), f32(3), null], outputs: [f32(2, 3)], attributes: { epsilon: 0.5, centred: 1 } },
  ],
  maxpool: [
    { inputs: [f32(...IMAGE)], outputs: [f32(...WINDOWS)], attributes: { ...WINDOW, min: -9, max: 9 } },
    { inputs: [qs8(...IMAGE)], outputs: [qs8(...WINDOWS)], attributes: { ...WINDOW, min: -9, max: 9 } },
  ],
  resize: [
    {
      inputs: [f32(2, 3, 2)],
      outputs: [f32(2, 6, 2)],
      attributes: { axis: 1, linear: 1, coordinates: 0, rounding: 0, scale: 2 },
    },
    {
      inputs: [u8(2, 3, 2)],
      outputs: [u8(2, 6, 2)],
      attributes: { axis: 1, linear: 0, coordinates: 1, rounding: 1, scale: 2 },
    },
  ],
  col2im: [{ inputs: [f32(1, 3, 2, 8), f32(2)], outputs: [f32(1, 3, 4, 2)], attributes: WINDOW }],
  lstm: [
    {
      inputs: [f32(3, 2, 8), f32(8, 2), f32(2, 2), f32(2, 2), f32(6), i32(2)],
      outputs: [f32(3, 2, 2), f32(2, 2), f32(2, 2)],
      attributes: { reverse: 0, clip: 10 },
    },
  ],
  gru: [
    {
      inputs: [f32(3, 2, 6), f32(6, 2), f32(2, 2), f32(6), i32(2)],
      outputs: [f32(3, 2, 2), f32(2, 2)],
      attributes: { reverse: 1, clip: 10, linearBeforeReset: 1 },
    },
  ],
  matmul_integer: [
    {
      inputs: [u8(2, 3, 4), qs8(4, 5), i32(1), i32(5)],
      outputs: [i32(2, 3, 5)],
      attributes: { aOrder: [0, 1, 2], bOrder: [0, 1] },
    },
  ],
  im2col: [{ inputs: [qs8(...IMAGE), i32()], outputs: [qs8(1, 4, 2, 8)], attributes: WINDOW }],
  gemm_integer: [{ inputs: [u8(2, 4), i32(1)], outputs: [i32(2, 3)], attributes: weights("qc8w", 3, 4) }],
  attention: [
    {
      inputs: [f32(2, 4, 3, 2), f32(2, 2, 5, 2), f32(2, 5, 2, 3), f32(2, 1, 1, 5)],
      outputs: [f32(2, 3, 12)],
      attributes: { scale: 0.5, cap: 2, qOrder: [0, 1, 2, 3], kOrder: [0, 1, 2, 3], vOrder: [0, 2, 1, 3] },
    },
  ],
  requantize: [{ inputs: [i32(2, 3), f32(3), i32(3)], outputs: [qs8(2, 3)], attributes: {} }],
  binary_quantized: [
    { inputs: [qs8(2, 1), qs8(3)], outputs: [qs8(2, 3)], attributes: { code: 0, offset: 128 } },
  ],
};

/** Weights that suit every format but qb4w, whose zero points would be too large: halves, and 63 where bytes count. */
export function weightsOf(manifest: Manifest): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(manifest.memory.weights);
  const [op] = manifest.ops;
  const isBlocks = op?.kind === "gemm" && op.attributes.format === 2;
  if (!isBlocks) for (let at = 3; at < bytes.length; at += 4) bytes[at] = 0x3f;
  return bytes;
}

const NO_DIGEST = new Uint8Array(32);
const HEADER = {
  name: "case",
  task: null,
  licence: "none",
  source: { package: null, version: null, digest: NO_DIGEST },
  compiler: "none",
  calibration: NO_DIGEST,
  files: [],
  report: [],
};

/** A manifest of one operation, complete but for the arena that it states. */
export function manifestOf(kind: OperationKind, { inputs, outputs, attributes }: Case): Manifest {
  const present = inputs.filter((input) => input !== null);
  let next = 0;
  const indices = inputs.map((input) => (input === null ? -1 : next++));
  const ports = (tensors: readonly TensorSpec[], first: number) =>
    tensors.map((_, index) => ({ name: `${first + index}`, tensor: first + index }));
  const bytes = (attributes as { weights?: { bytes: number } }).weights?.bytes ?? 0;
  return {
    ...HEADER,
    symbols: [],
    dimensions: [],
    inputs: ports(present, 0),
    outputs: ports(outputs, present.length),
    tensors: [...present, ...outputs],
    ops: [
      { kind, inputs: indices, outputs: outputs.map((_, index) => present.length + index), attributes } as Op,
    ],
    blocks: [0],
    chunks: [{ digest: NO_DIGEST, bytes }],
    memory: { weights: bytes, arena: 0 },
  };
}

/** With the arena that it needs. Throws as planMemory does. */
export function complete(manifest: Manifest): Manifest {
  const { arenaBytes } = planMemory(manifest);
  return { ...manifest, memory: { ...manifest.memory, arena: arenaBytes } };
}

/** Small numbers that are good indices, lengths and truth values too. */
export function inputOf({ dtype, shape }: TensorSpec): {
  shape: readonly number[];
  data: Uint8Array<ArrayBuffer>;
} {
  const sizes = shape as readonly number[];
  const length = sizes.reduce((product, size) => product * size, 1);
  const bytes = new DataView(new ArrayBuffer(length * ELEMENT_BYTES[dtype]));
  for (let index = 0; index < length; index++) {
    if (dtype === "f32") bytes.setFloat32(4 * index, 0.25 + (index % 5), true);
    else if (dtype === "f64") bytes.setFloat64(8 * index, 0.25 + (index % 5), true);
    else bytes.setUint8(index * ELEMENT_BYTES[dtype], index % 2);
  }
  return { shape: sizes, data: new Uint8Array(bytes.buffer) };
}
