// The one list of all kernels: engine, tests and benchmarks read it, kernels/ implements it.
// A kernel takes one pointer to a block of little-endian 32-bit fields, in the order given here.
import { panelBytes } from "./packed.ts";

/** Every family has both siblings, unless it is scalarOnly; scalar is the specification. */
export const ISAS = ["simd128", "scalar"] as const;
export type Isa = (typeof ISAS)[number];
type FieldType = "i32" | "f32";

interface KernelEntry {
  /** Part of the name: rows × outputs, then c and the inputs of one packed group. */
  readonly tile: string | null;
  /** Name → type, in the order of the parameter block. Pointers are i32. */
  readonly fields: Readonly<Record<string, FieldType>>;
  /** Vectors would not pay: the scalar kernel stands for both siblings. */
  readonly scalarOnly?: true;
}

const QS8_OUTPUT = { outputZeroPoint: "i32", outputMin: "i32", outputMax: "i32" } as const;
const F32_OUTPUT = { outputMin: "f32", outputMax: "f32" } as const;
/** Bounds are finite with an activation; `offset` is added behind it. */
const ACTIVATED_OUTPUT = { ...F32_OUTPUT, activation: "i32", offset: "f32" } as const;

const GEMM = {
  rows: "i32",
  inputs: "i32",
  outputs: "i32",
  input: "i32",
  inputStride: "i32",
  weights: "i32",
  output: "i32",
  outputStride: "i32",
} as const;

const DYNAMIC_GEMM = {
  rows: "i32",
  inputs: "i32",
  outputs: "i32",
  input: "i32",
  inputStride: "i32",
  rowScales: "i32",
  weights: "i32",
  output: "i32",
  outputStride: "i32",
} as const;

const IMAGE = { batch: "i32", input: "i32", inputHeight: "i32", inputWidth: "i32" } as const;

const KERNEL_AND_STRIDE = {
  kernelHeight: "i32",
  kernelWidth: "i32",
  strideHeight: "i32",
  strideWidth: "i32",
} as const;

const DILATION = { dilationHeight: "i32", dilationWidth: "i32" } as const;

const PADDING_AND_OUTPUT = {
  padTop: "i32",
  padLeft: "i32",
  outputHeight: "i32",
  outputWidth: "i32",
} as const;

const IM2COL = {
  ...IMAGE,
  inputChannels: "i32",
  ...KERNEL_AND_STRIDE,
  ...DILATION,
  ...PADDING_AND_OUTPUT,
} as const;

const CONV = {
  ...IM2COL,
  outputChannels: "i32",
  weights: "i32",
  output: "i32",
} as const;

const DWCONV = {
  ...IMAGE,
  channels: "i32",
  ...KERNEL_AND_STRIDE,
  ...PADDING_AND_OUTPUT,
  weights: "i32",
  output: "i32",
} as const;

const AVGPOOL = {
  ...IMAGE,
  channels: "i32",
  ...KERNEL_AND_STRIDE,
  ...PADDING_AND_OUTPUT,
  output: "i32",
  countPadding: "i32",
  paddedHeight: "i32",
  paddedWidth: "i32",
} as const;

const MAXPOOL = {
  ...IMAGE,
  channels: "i32",
  ...KERNEL_AND_STRIDE,
  ...DILATION,
  ...PADDING_AND_OUTPUT,
  output: "i32",
} as const;

const COL2IM = {
  batch: "i32",
  inputHeight: "i32",
  inputWidth: "i32",
  channels: "i32",
  ...KERNEL_AND_STRIDE,
  ...DILATION,
  ...PADDING_AND_OUTPUT,
  bias: "i32",
  input: "i32",
  output: "i32",
} as const;

/** Of one direction of a recurrent layer. */
const SEQUENCE = { steps: "i32", batch: "i32", hidden: "i32", reverse: "i32" } as const;
const SEQUENCE_OUTPUT = {
  output: "i32",
  outputStepStride: "i32",
  outputBatchStride: "i32",
  finalH: "i32",
} as const;

const LSTM = {
  ...SEQUENCE,
  xw: "i32",
  weights: "i32",
  peephole: "i32",
  initialH: "i32",
  initialC: "i32",
  lengths: "i32",
  clip: "f32",
  ...SEQUENCE_OUTPUT,
  finalC: "i32",
  scratch: "i32",
} as const;

const GRU = {
  ...SEQUENCE,
  linearBeforeReset: "i32",
  xw: "i32",
  weights: "i32",
  recurrenceBias: "i32",
  initialH: "i32",
  lengths: "i32",
  clip: "f32",
  ...SEQUENCE_OUTPUT,
  scratch: "i32",
} as const;

/** One axis; its pixels are `inner` elements or bytes. */
const RESIZE = { outer: "i32", inputSize: "i32", outputSize: "i32" } as const;
const RESIZED = { input: "i32", output: "i32", coordinates: "i32" } as const;

/** Both operands are activations, with a stride for each of their dimensions. */
const MATMUL = {
  batch0: "i32",
  batch1: "i32",
  m: "i32",
  n: "i32",
  k: "i32",
  a: "i32",
  aBatch0: "i32",
  aBatch1: "i32",
  aRow: "i32",
  aColumn: "i32",
  b: "i32",
  bBatch0: "i32",
  bBatch1: "i32",
  bRow: "i32",
  bColumn: "i32",
  output: "i32",
  outputBatch0: "i32",
  outputBatch1: "i32",
  outputRow: "i32",
} as const;

/** Bytes by bytes, signed or not, each with its zero points. */
const INTEGER_MATMUL = {
  aSigned: "i32",
  bSigned: "i32",
  batch: "i32",
  m: "i32",
  n: "i32",
  k: "i32",
  a: "i32",
  aBatch: "i32",
  aRow: "i32",
  aColumn: "i32",
  aZeroPoints: "i32",
  aZeroStride: "i32",
  b: "i32",
  bBatch: "i32",
  bRow: "i32",
  bColumn: "i32",
  bZeroPoints: "i32",
  bZeroStride: "i32",
  output: "i32",
  outputBatch: "i32",
  outputRow: "i32",
} as const;

const VADD = { length: "i32", a: "i32", b: "i32", output: "i32" } as const;
const CONVERT = { length: "i32", input: "i32", output: "i32" } as const;

/** Six dimensions, outermost first, padded with 1. */
const SIZES = {
  size0: "i32",
  size1: "i32",
  size2: "i32",
  size3: "i32",
  size4: "i32",
  size5: "i32",
} as const;

const DIMENSIONS = [0, 1, 2, 3, 4, 5] as const;
type Six<N extends string> = Readonly<Record<`${N}${(typeof DIMENSIONS)[number]}`, "i32">>;

/** A field for each of six dimensions: inputStride0 … inputStride5. */
function six<N extends string>(name: N): Six<N> {
  return Object.fromEntries(DIMENSIONS.map((dimension) => [`${name}${dimension}`, "i32"])) as Six<N>;
}

/** Strides of the operands in elements; 0 repeats. */
const STRIDES = {
  aStride0: "i32",
  aStride1: "i32",
  aStride2: "i32",
  aStride3: "i32",
  aStride4: "i32",
  aStride5: "i32",
  bStride0: "i32",
  bStride1: "i32",
  bStride2: "i32",
  bStride3: "i32",
  bStride4: "i32",
  bStride5: "i32",
} as const;

const BROADCAST = { op: "i32", ...SIZES, ...STRIDES, a: "i32", b: "i32", output: "i32" } as const;

const SELECT = {
  elementBytes: "i32",
  ...SIZES,
  conditionStride0: "i32",
  conditionStride1: "i32",
  conditionStride2: "i32",
  conditionStride3: "i32",
  conditionStride4: "i32",
  conditionStride5: "i32",
  ...STRIDES,
  condition: "i32",
  a: "i32",
  b: "i32",
  output: "i32",
} as const;

const COPY = {
  elementBytes: "i32",
  ...SIZES,
  ...six("inputStride"),
  ...six("outputStride"),
  input: "i32",
  output: "i32",
} as const;

const GATHER = {
  outer: "i32",
  axisSize: "i32",
  count: "i32",
  blockBytes: "i32",
  indexBytes: "i32",
  input: "i32",
  indices: "i32",
  output: "i32",
} as const;

/** One index for each element, along one axis of `axisSize`. */
const ELEMENTS = { elementBytes: "i32", indexBytes: "i32", axis: "i32", axisSize: "i32", ...SIZES } as const;

/** Tuples of `depth` indices; sizes and strides (in bytes) of the dimensions that they index. */
const TUPLES = {
  indexBytes: "i32",
  batch: "i32",
  count: "i32",
  depth: "i32",
  ...SIZES,
  ...six("stride"),
  batchBytes: "i32",
  blockBytes: "i32",
} as const;

const GATHERED = { input: "i32", indices: "i32", output: "i32" } as const;
const SCATTERED = { type: "i32", reduction: "i32", indices: "i32", updates: "i32", output: "i32" } as const;

const PAD = {
  elementBytes: "i32",
  mode: "i32",
  ...SIZES,
  ...six("before"),
  ...six("inputSize"),
  input: "i32",
  output: "i32",
} as const;

const TRILU = {
  elementBytes: "i32",
  batch: "i32",
  rows: "i32",
  columns: "i32",
  diagonal: "i32",
  upper: "i32",
  input: "i32",
  output: "i32",
} as const;

const LAYERNORM = {
  rows: "i32",
  columns: "i32",
  input: "i32",
  gamma: "i32",
  beta: "i32",
  output: "i32",
  epsilon: "f32",
  centred: "i32",
} as const;

/** Scales by channel. */
const CHANNELS = { outer: "i32", channels: "i32", inner: "i32", input: "i32" } as const;

/** Along the middle of three dimensions. */
const AXIS = { outer: "i32", count: "i32", inner: "i32" } as const;
const REDUCE = { op: "i32", ...AXIS, input: "i32", output: "i32" } as const;
const ARGREDUCE = { largest: "i32", last: "i32", ...AXIS, input: "i32", output: "i32" } as const;
const CUMSUM = { exclusive: "i32", reverse: "i32", ...AXIS, input: "i32", output: "i32" } as const;
const TOPK = {
  largest: "i32",
  sorted: "i32",
  ...AXIS,
  k: "i32",
  input: "i32",
  values: "i32",
  indices: "i32",
  scratch: "i32",
} as const;

export const KERNELS = {
  qs8_qc8w_gemm: { tile: "4x8c2", fields: { ...GEMM, ...QS8_OUTPUT, scratch: "i32" } },
  qs8_qc8w_conv: {
    tile: "4x8c2",
    fields: { ...CONV, inputZeroPoint: "i32", ...QS8_OUTPUT, scratch: "i32" },
  },
  qs8_qc8w_dwconv: {
    tile: "4x8c2",
    fields: { ...DWCONV, inputZeroPoint: "i32", ...QS8_OUTPUT, scratch: "i32" },
  },
  qs8_vadd: {
    tile: null,
    fields: { ...VADD, scaleA: "f32", scaleB: "f32", bias: "f32", outputMin: "i32", outputMax: "i32" },
  },
  qs8_avgpool: {
    tile: null,
    fields: { ...AVGPOOL, inputZeroPoint: "i32", scale: "f32", ...QS8_OUTPUT },
  },
  qs8_f32_qc8w_gemm: { tile: "4x8c2", fields: { ...GEMM, ...F32_OUTPUT, scratch: "i32" } },
  f32_qd8_quantize: {
    tile: null,
    fields: { rows: "i32", columns: "i32", input: "i32", output: "i32", scales: "i32" },
  },
  qd8_f32_qc8w_gemm: { tile: "4x8c2", fields: { ...DYNAMIC_GEMM, ...ACTIVATED_OUTPUT, scratch: "i32" } },
  f32_softmax: {
    tile: null,
    fields: { rows: "i32", columns: "i32", input: "i32", output: "i32" },
  },
  u8_qs8_convert: { tile: null, fields: CONVERT },
  u8_f32_convert: { tile: null, fields: { ...CONVERT, scale: "f32", bias: "f32" } },
  f32_gemm: { tile: "4x8", fields: { ...GEMM, ...ACTIVATED_OUTPUT } },
  f32_conv: { tile: "4x8", fields: { ...CONV, ...ACTIVATED_OUTPUT } },
  f32_qb4w_gemm: { tile: "4x8", fields: { ...GEMM, ...F32_OUTPUT, scratch: "i32" } },
  f32_matmul: {
    tile: "4x8",
    fields: { ...MATMUL, alpha: "f32", scratch: "i32" },
  },
  x8_i32_matmul: { tile: "4x8c2", fields: { ...INTEGER_MATMUL, scratch: "i32" } },
  x8_i32_qc8w_gemm: {
    tile: "4x8c2",
    fields: { ...GEMM, signed: "i32", zeroPoint: "i32", scratch: "i32" },
  },
  x8_im2col: { tile: null, fields: { ...IM2COL, output: "i32", fill: "i32" } },
  i32_requantize: {
    tile: null,
    fields: {
      rows: "i32",
      channels: "i32",
      input: "i32",
      bias: "i32",
      scales: "i32",
      output: "i32",
      zeroPoint: "i32",
      outputMin: "i32",
      outputMax: "i32",
    },
  },
  qs8_vbinary: {
    tile: null,
    fields: {
      ...BROADCAST,
      aScale: "f32",
      aZeroPoint: "i32",
      bScale: "f32",
      bZeroPoint: "i32",
      outputScale: "f32",
      outputZeroPoint: "i32",
      outputMin: "i32",
      outputMax: "i32",
    },
  },
  f32_dwconv: { tile: "4x8", fields: { ...DWCONV, ...ACTIVATED_OUTPUT } },
  f32_vadd: { tile: null, fields: { ...VADD, ...F32_OUTPUT } },
  f32_avgpool: { tile: null, fields: { ...AVGPOOL, ...F32_OUTPUT } },
  f32_vunary: {
    tile: null,
    fields: { op: "i32", ...CONVERT, alpha: "f32", beta: "f32" },
  },
  f32_vbinary: { tile: null, fields: BROADCAST },
  i32_vbinary: { tile: null, fields: BROADCAST, scalarOnly: true },
  i64_vbinary: { tile: null, fields: BROADCAST, scalarOnly: true },
  f64_vbinary: { tile: null, fields: BROADCAST, scalarOnly: true },
  u8_vbinary: { tile: null, fields: BROADCAST, scalarOnly: true },
  f32_vcompare: { tile: null, fields: BROADCAST, scalarOnly: true },
  i32_vcompare: { tile: null, fields: BROADCAST, scalarOnly: true },
  i64_vcompare: { tile: null, fields: BROADCAST, scalarOnly: true },
  f64_vcompare: { tile: null, fields: BROADCAST, scalarOnly: true },
  u8_vcompare: { tile: null, fields: BROADCAST, scalarOnly: true },
  vselect: { tile: null, fields: SELECT, scalarOnly: true },
  copy: { tile: null, fields: COPY },
  fill: {
    tile: null,
    fields: { elementBytes: "i32", length: "i32", low: "i32", high: "i32", output: "i32" },
    scalarOnly: true,
  },
  gather: { tile: null, fields: GATHER, scalarOnly: true },
  gather_elements: {
    tile: null,
    fields: { ...ELEMENTS, ...six("inputStride"), ...GATHERED },
    scalarOnly: true,
  },
  gather_nd: { tile: null, fields: { ...TUPLES, ...GATHERED }, scalarOnly: true },
  scatter_elements: {
    tile: null,
    fields: { ...ELEMENTS, ...six("outputStride"), ...SCATTERED },
    scalarOnly: true,
  },
  scatter_nd: { tile: null, fields: { ...TUPLES, ...SCATTERED }, scalarOnly: true },
  pad: { tile: null, fields: PAD, scalarOnly: true },
  f32_maxpool: { tile: null, fields: { ...MAXPOOL, ...F32_OUTPUT } },
  qs8_maxpool: { tile: null, fields: { ...MAXPOOL, outputMin: "i32", outputMax: "i32" } },
  f32_resize_linear: {
    tile: null,
    fields: { ...RESIZE, inner: "i32", ...RESIZED, scale: "f32" },
  },
  f32_col2im: { tile: null, fields: COL2IM },
  f32_lstm: { tile: null, fields: LSTM },
  f32_gru: { tile: null, fields: GRU },
  f32_logsoftmax: {
    tile: null,
    fields: { rows: "i32", columns: "i32", input: "i32", output: "i32" },
  },
  resize_nearest: {
    tile: null,
    fields: { ...RESIZE, innerBytes: "i32", ...RESIZED, rounding: "i32", scale: "f32" },
    scalarOnly: true,
  },
  trilu: { tile: null, fields: TRILU, scalarOnly: true },
  f32_layernorm: { tile: null, fields: LAYERNORM },
  vcast: { tile: null, fields: { from: "i32", to: "i32", ...CONVERT } },
  f32_quantize: {
    tile: null,
    fields: {
      ...CHANNELS,
      scales: "i32",
      zeroPoints: "i32",
      output: "i32",
      outputMin: "i32",
      outputMax: "i32",
    },
  },
  x8_dequantize: {
    tile: null,
    fields: { ...CHANNELS, signed: "i32", scales: "i32", zeroPoints: "i32", output: "i32" },
  },
  i32_dequantize: { tile: null, fields: { ...CHANNELS, scales: "i32", output: "i32" } },
  f32_reduce: { tile: null, fields: REDUCE },
  i32_reduce: { tile: null, fields: REDUCE, scalarOnly: true },
  i64_reduce: { tile: null, fields: REDUCE, scalarOnly: true },
  f32_argreduce: { tile: null, fields: ARGREDUCE },
  i32_argreduce: { tile: null, fields: ARGREDUCE, scalarOnly: true },
  f32_topk: { tile: null, fields: TOPK, scalarOnly: true },
  f32_cumsum: { tile: null, fields: CUMSUM, scalarOnly: true },
  i32_cumsum: { tile: null, fields: CUMSUM, scalarOnly: true },
  i64_cumsum: { tile: null, fields: CUMSUM, scalarOnly: true },
} as const satisfies Readonly<Record<string, KernelEntry>>;

export type Family = keyof typeof KERNELS;
export type KernelValues<F extends Family> = Readonly<Record<keyof (typeof KERNELS)[F]["fields"], number>>;

/** Runs on the parameter block at `params`. Returns nothing and checks nothing: a trap is a bug of the caller. */
export type Kernel = (params: number) => void;
export type Kernels = Readonly<Record<Family, Readonly<Record<Isa, Kernel>>>>;

/** The families in the order of the list. */
export const FAMILIES: readonly Family[] = Object.keys(KERNELS) as Family[];

/** The export's name, for example qs8_qc8w_gemm_4x8c2__simd128; of a scalarOnly family the scalar one. */
export function kernelName(family: Family, isa: Isa): string {
  const { tile, scalarOnly }: KernelEntry = KERNELS[family];
  return `${family}${tile === null ? "" : `_${tile}`}__${scalarOnly ? "scalar" : isa}`;
}

/** Bytes of the parameter block of a family. */
export function paramsBytes(family: Family): number {
  return 4 * Object.keys(KERNELS[family].fields).length;
}

/**
 * Writes the parameter block of `family` at `pointer` (4-byte aligned); `view` covers the whole memory.
 * Throws a RangeError that names the field where findUnwritable() finds one.
 */
export function writeParams<F extends Family>(
  view: DataView,
  pointer: number,
  family: F,
  values: KernelValues<F>,
): void {
  const flaw = findUnwritable(family, values);
  if (flaw !== null) throw new RangeError(flaw);
  const fields: Readonly<Record<string, FieldType>> = KERNELS[family].fields;
  const given: Readonly<Record<string, number>> = values;
  for (const [index, [name, type]] of Object.entries(fields).entries()) {
    const at = pointer + 4 * index;
    if (type === "i32") view.setInt32(at, given[name]!, true);
    else view.setFloat32(at, given[name]!, true);
  }
}

/** What a parameter block cannot hold, in words: an i32 that is no 32-bit integer, an f32 that is NaN. Null without. */
export function findUnwritable<F extends Family>(family: F, values: KernelValues<F>): string | null {
  const fields: Readonly<Record<string, FieldType>> = KERNELS[family].fields;
  const given: Readonly<Record<string, number>> = values;
  for (const [name, type] of Object.entries(fields)) {
    const value = given[name] ?? Number.NaN;
    if (type === "i32" && (value | 0) !== value) {
      return `${family}: ${name} must be a 32-bit integer, got ${given[name]}`;
    }
    if (Number.isNaN(value)) return `${family}: ${name} must be a number, got ${given[name]}`;
  }
  return null;
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** LEAST_BLOCK_ROWS, BLOCK_BYTES and TILE_ROWS of kernels/qs8_qc8w_gemm/block.ts. */
const LEAST_BLOCK_ROWS = 52;
const BLOCK_BYTES = 262_144;
const TILE_ROWS = 4;
/** Output constants of kernels/round128.ts, and room for one row of 8 outputs. */
const CONSTANTS_BYTES = 112;
/** Of a widened group of 8 channels: its head, and 32 for each pair of taps. */
const DWCONV_HEAD_BYTES = 64;
const DWCONV_PAIR_BYTES = 32;

/** BLOCK_ROWS of kernels/f32_matmul/simd128.ts. */
const F32_BLOCK_ROWS = 64;

/** Rows of the block that an int8 product widens at a time. */
function blockRows(inputs: number): number {
  const fitting = Math.floor(BLOCK_BYTES / (2 * roundUp(Math.max(1, inputs), 8)) / TILE_ROWS) * TILE_ROWS;
  return Math.max(LEAST_BLOCK_ROWS, fitting);
}

/** The constants, one widened panel of 8 outputs, a block of widened rows. */
function gemmScratchBytes(inputs: number): number {
  return CONSTANTS_BYTES + roundUp(inputs, 8) * (2 * blockRows(inputs) + 16);
}

/**
 * Bytes a call needs at `scratch` (16-byte aligned; contents do not matter), 0 for families without scratch.
 * Reads only sizes: the pointers in `values` may still be 0.
 */
export function scratchBytes<F extends Family>(family: F, values: KernelValues<F>): number {
  const given: Readonly<Record<string, number>> = values;
  const size = (name: string): number => given[name] ?? 0;
  switch (family) {
    case "qs8_qc8w_gemm":
    case "qs8_f32_qc8w_gemm":
    case "qd8_f32_qc8w_gemm":
    case "x8_i32_qc8w_gemm":
      return gemmScratchBytes(size("inputs"));
    case "x8_i32_matmul":
      return gemmScratchBytes(size("k"));
    case "qs8_qc8w_conv": {
      const inputs = size("kernelHeight") * size("kernelWidth") * size("inputChannels");
      // Behind the product's scratch, the rows of one block as gathered bytes.
      return gemmScratchBytes(inputs) + blockRows(inputs) * roundUp(inputs, 8);
    }
    case "qs8_qc8w_dwconv": {
      if (size("channels") < 8) return 0;
      const groups = Math.ceil(size("channels") / 8);
      const lines = size("kernelHeight");
      const square = lines === 3 && size("kernelWidth") === 3 && size("strideWidth") <= 2;
      const pairs = square ? 7 : lines * Math.ceil(size("kernelWidth") / 2);
      const columns = (size("outputWidth") - 1) * size("strideWidth") + size("kernelWidth");
      // Output constants and layout, widened weights, the ring of widened rows, the table of its rows, and the panel
      // of a last group that begins inside another one.
      const weights = groups * (DWCONV_HEAD_BYTES + DWCONV_PAIR_BYTES * pairs);
      const ring = lines * groups * (square ? 16 * roundUp(columns, 2) : 32 * columns);
      return CONSTANTS_BYTES + weights + ring + 4 * lines + panelBytes("qc8w", lines * size("kernelWidth"));
    }
    case "f32_qb4w_gemm":
      // One panel as f32, its inputs rounded up to a group of 4.
      return 32 * (roundUp(size("inputs"), 4) + 1);
    case "f32_matmul": {
      // A packed panel, and a block of rows whose columns do not lie side by side.
      const copied = size("aColumn") === 1 ? 0 : Math.min(F32_BLOCK_ROWS, size("m"));
      return 32 * (size("k") + 1) + 4 * copied * size("k");
    }
    case "f32_topk":
      // The indices kept.
      return 4 * size("k");
    case "f32_lstm":
    case "f32_gru":
      // R·h of each gate; for GRU r · h in place of the fourth.
      return 16 * size("hidden");
    default:
      return 0;
  }
}

/**
 * Instantiates the module on `memory`, its only import.
 * Throws a TypeError that names the export if the module lacks a kernel of the list.
 */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const find = (family: Family, isa: Isa): Kernel => {
    const name = kernelName(family, isa);
    const kernel = exports[name];
    if (typeof kernel !== "function") throw new TypeError(`the kernel module does not export ${name}`);
    return kernel as Kernel;
  };
  const siblings = (family: Family) => ({ scalar: find(family, "scalar"), simd128: find(family, "simd128") });
  return Object.fromEntries(FAMILIES.map((family) => [family, siblings(family)])) as Kernels;
}
