// The one list of all kernels, their names and their parameters: engine, tests and benchmarks read it, kernels/
// implements it. A kernel takes one pointer to a block of little-endian 32-bit fields, in the order given here.

/** Every family has both siblings, unless it is scalarOnly; scalar is the specification. */
export const ISAS = ["simd128", "scalar"] as const;
export type Isa = (typeof ISAS)[number];
export type FieldType = "i32" | "f32";
type Fields<N extends string, T extends FieldType> = Readonly<Record<N, T>>;

interface KernelEntry {
  /** Part of the name: rows × outputs, then c and the inputs of one packed group. */
  readonly tile: string | null;
  /** Name → type, in the order of the parameter block. Pointers are i32. */
  readonly fields: Fields<string, FieldType>;
  /** Vectors would not pay: the scalar kernel stands for both siblings. */
  readonly scalarOnly?: true;
}

/** Fields of one type. Names keep their types, so that the values of a call are checked one by one. */
function each<N extends string, T extends FieldType>(type: T, names: readonly N[]): Fields<N, T> {
  return Object.fromEntries(names.map((name) => [name, type])) as Fields<N, T>;
}

const i32 = <N extends string>(...names: readonly N[]) => each("i32", names);
const f32 = <N extends string>(...names: readonly N[]) => each("f32", names);

const DIMENSIONS = [0, 1, 2, 3, 4, 5] as const;

/** A field for each of six dimensions: inputStride0 … inputStride5. */
function six<N extends string>(name: N): Fields<`${N}${(typeof DIMENSIONS)[number]}`, "i32"> {
  return each(
    "i32",
    DIMENSIONS.map((dimension) => `${name}${dimension}` as const),
  );
}

const QS8_OUTPUT = i32("outputZeroPoint", "outputMin", "outputMax");
const F32_OUTPUT = f32("outputMin", "outputMax");
/** Bounds are finite with an activation; `offset` is added behind it. */
const ACTIVATED_OUTPUT = { ...F32_OUTPUT, ...i32("activation"), ...f32("offset") };

const GEMM = i32("rows", "inputs", "outputs", "input", "inputStride", "weights", "output", "outputStride");

const DYNAMIC_GEMM = {
  ...i32("rows", "inputs", "outputs", "input", "inputStride", "rowScales"),
  ...i32("weights", "output", "outputStride"),
};

const IMAGE = i32("batch", "input", "inputHeight", "inputWidth");

const KERNEL_AND_STRIDE = i32("kernelHeight", "kernelWidth", "strideHeight", "strideWidth");

const DILATION = i32("dilationHeight", "dilationWidth");

const PADDING_AND_OUTPUT = i32("padTop", "padLeft", "outputHeight", "outputWidth");

const IM2COL = {
  ...IMAGE,
  ...i32("inputChannels"),
  ...KERNEL_AND_STRIDE,
  ...DILATION,
  ...PADDING_AND_OUTPUT,
};

const CONV = { ...IM2COL, ...i32("outputChannels", "weights", "output") };

const DWCONV = {
  ...IMAGE,
  ...i32("channels"),
  ...KERNEL_AND_STRIDE,
  ...PADDING_AND_OUTPUT,
  ...i32("weights", "output"),
};

const AVGPOOL = {
  ...IMAGE,
  ...i32("channels"),
  ...KERNEL_AND_STRIDE,
  ...PADDING_AND_OUTPUT,
  ...i32("output", "countPadding", "paddedHeight", "paddedWidth"),
};

const MAXPOOL = {
  ...IMAGE,
  ...i32("channels"),
  ...KERNEL_AND_STRIDE,
  ...DILATION,
  ...PADDING_AND_OUTPUT,
  ...i32("output"),
};

const COL2IM = {
  ...i32("batch", "inputHeight", "inputWidth", "channels"),
  ...KERNEL_AND_STRIDE,
  ...DILATION,
  ...PADDING_AND_OUTPUT,
  ...i32("bias", "input", "output"),
};

/** Of one direction of a recurrent layer. */
const SEQUENCE = i32("steps", "batch", "hidden", "reverse");
const SEQUENCE_OUTPUT = i32("output", "outputStepStride", "outputBatchStride", "finalH");

const LSTM = {
  ...SEQUENCE,
  ...i32("xw", "weights", "peephole", "initialH", "initialC", "lengths"),
  ...f32("clip"),
  ...SEQUENCE_OUTPUT,
  ...i32("finalC", "scratch"),
};

const GRU = {
  ...SEQUENCE,
  ...i32("linearBeforeReset", "xw", "weights", "recurrenceBias", "initialH", "lengths"),
  ...f32("clip"),
  ...SEQUENCE_OUTPUT,
  ...i32("scratch"),
};

/** One axis; its pixels are `inner` elements or bytes. */
const RESIZE = i32("outer", "inputSize", "outputSize");
const RESIZED = i32("input", "output", "coordinates");

/** Both operands are activations, with a stride for each of their dimensions. */
const MATMUL = {
  ...i32("batch0", "batch1", "m", "n", "k"),
  ...i32("a", "aBatch0", "aBatch1", "aRow", "aColumn"),
  ...i32("b", "bBatch0", "bBatch1", "bRow", "bColumn"),
  ...i32("output", "outputBatch0", "outputBatch1", "outputRow"),
};

/** Bytes by bytes, signed or not, each with its zero points. */
const INTEGER_MATMUL = {
  ...i32("aSigned", "bSigned", "batch", "m", "n", "k"),
  ...i32("a", "aBatch", "aRow", "aColumn", "aZeroPoints", "aZeroStride"),
  ...i32("b", "bBatch", "bRow", "bColumn", "bZeroPoints", "bZeroStride"),
  ...i32("output", "outputBatch", "outputRow"),
};

const VADD = i32("length", "a", "b", "output");
const CONVERT = i32("length", "input", "output");

/** Six dimensions, outermost first, padded with 1. */
const SIZES = six("size");

/** Strides of the operands in elements; 0 repeats. */
const STRIDES = { ...six("aStride"), ...six("bStride") };

const BROADCAST = { ...i32("op"), ...SIZES, ...STRIDES, ...i32("a", "b", "output") };

const SELECT = {
  ...i32("elementBytes"),
  ...SIZES,
  ...six("conditionStride"),
  ...STRIDES,
  ...i32("condition", "a", "b", "output"),
};

const COPY = {
  ...i32("elementBytes"),
  ...SIZES,
  ...six("inputStride"),
  ...six("outputStride"),
  ...i32("input", "output"),
};

const GATHER = i32("outer", "axisSize", "count", "blockBytes", "indexBytes", "input", "indices", "output");

/** One index for each element, along one axis of `axisSize`. */
const ELEMENTS = { ...i32("elementBytes", "indexBytes", "axis", "axisSize"), ...SIZES };

/** Tuples of `depth` indices; sizes and strides (in bytes) of the dimensions that they index. */
const TUPLES = {
  ...i32("indexBytes", "batch", "count", "depth"),
  ...SIZES,
  ...six("stride"),
  ...i32("batchBytes", "blockBytes"),
};

const GATHERED = i32("input", "indices", "output");
const SCATTERED = i32("type", "reduction", "indices", "updates", "output");

const PAD = {
  ...i32("elementBytes", "mode"),
  ...SIZES,
  ...six("before"),
  ...six("inputSize"),
  ...i32("input", "output"),
};

const TRILU = i32("elementBytes", "batch", "rows", "columns", "diagonal", "upper", "input", "output");

const LAYERNORM = {
  ...i32("rows", "columns", "input", "gamma", "beta", "output"),
  ...f32("epsilon"),
  ...i32("centred"),
};

/** Scales by channel. */
const CHANNELS = i32("outer", "channels", "inner", "input");

/** Along the middle of three dimensions. */
const AXIS = i32("outer", "count", "inner");
const REDUCE = { ...i32("op"), ...AXIS, ...i32("input", "output") };
const ARGREDUCE = { ...i32("largest", "last"), ...AXIS, ...i32("input", "output") };
const CUMSUM = { ...i32("exclusive", "reverse"), ...AXIS, ...i32("input", "output") };
const TOPK = { ...i32("largest"), ...AXIS, ...i32("k", "input", "values", "indices", "scratch") };

export const KERNELS = {
  qs8_qc8w_gemm: { tile: "4x8c2", fields: { ...GEMM, ...QS8_OUTPUT, ...i32("scratch") } },
  qs8_qc8w_conv: {
    tile: "4x8c2",
    fields: { ...CONV, ...i32("inputZeroPoint"), ...QS8_OUTPUT, ...i32("scratch") },
  },
  qs8_qc8w_dwconv: {
    tile: "4x8c2",
    fields: { ...DWCONV, ...i32("inputZeroPoint"), ...QS8_OUTPUT, ...i32("scratch") },
  },
  qs8_vadd: {
    tile: null,
    fields: { ...VADD, ...f32("scaleA", "scaleB", "bias"), ...i32("outputMin", "outputMax") },
  },
  qs8_avgpool: {
    tile: null,
    fields: { ...AVGPOOL, ...i32("inputZeroPoint"), ...f32("scale"), ...QS8_OUTPUT },
  },
  qs8_f32_qc8w_gemm: { tile: "4x8c2", fields: { ...GEMM, ...F32_OUTPUT, ...i32("scratch") } },
  f32_qd8_quantize: {
    tile: null,
    fields: i32("rows", "columns", "input", "output", "scales"),
  },
  qd8_f32_qc8w_gemm: { tile: "4x8c2", fields: { ...DYNAMIC_GEMM, ...ACTIVATED_OUTPUT, ...i32("scratch") } },
  f32_softmax: {
    tile: null,
    fields: i32("rows", "columns", "input", "output"),
  },
  u8_qs8_convert: { tile: null, fields: CONVERT },
  u8_f32_convert: { tile: null, fields: { ...CONVERT, ...f32("scale", "bias") } },
  f32_gemm: { tile: "4x8", fields: { ...GEMM, ...ACTIVATED_OUTPUT } },
  f32_conv: { tile: "4x8", fields: { ...CONV, ...ACTIVATED_OUTPUT } },
  f32_qb4w_gemm: { tile: "4x8", fields: { ...GEMM, ...F32_OUTPUT, ...i32("scratch") } },
  f32_matmul: {
    tile: "4x8",
    fields: { ...MATMUL, ...f32("alpha"), ...i32("scratch") },
  },
  x8_i32_matmul: { tile: "4x8c2", fields: { ...INTEGER_MATMUL, ...i32("scratch") } },
  x8_i32_qc8w_gemm: {
    tile: "4x8c2",
    fields: { ...GEMM, ...i32("signed", "zeroPoint", "scratch") },
  },
  x8_im2col: { tile: null, fields: { ...IM2COL, ...i32("output", "fill") } },
  i32_requantize: {
    tile: null,
    fields: {
      ...i32("rows", "channels", "input", "bias", "scales", "output"),
      ...i32("zeroPoint", "outputMin", "outputMax"),
    },
  },
  qs8_vbinary: {
    tile: null,
    fields: {
      ...BROADCAST,
      ...f32("aScale"),
      ...i32("aZeroPoint"),
      ...f32("bScale"),
      ...i32("bZeroPoint"),
      ...f32("outputScale"),
      ...i32("outputZeroPoint", "outputMin", "outputMax"),
    },
  },
  f32_dwconv: { tile: "4x8", fields: { ...DWCONV, ...ACTIVATED_OUTPUT } },
  f32_vadd: { tile: null, fields: { ...VADD, ...F32_OUTPUT } },
  f32_avgpool: { tile: null, fields: { ...AVGPOOL, ...F32_OUTPUT } },
  f32_vunary: {
    tile: null,
    fields: { ...i32("op"), ...CONVERT, ...f32("alpha", "beta") },
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
    fields: i32("elementBytes", "length", "low", "high", "output"),
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
  qs8_maxpool: { tile: null, fields: { ...MAXPOOL, ...i32("outputMin", "outputMax") } },
  f32_resize_linear: {
    tile: null,
    fields: { ...RESIZE, ...i32("inner"), ...RESIZED, ...f32("scale") },
  },
  f32_col2im: { tile: null, fields: COL2IM },
  f32_lstm: { tile: null, fields: LSTM },
  f32_gru: { tile: null, fields: GRU },
  f32_logsoftmax: {
    tile: null,
    fields: i32("rows", "columns", "input", "output"),
  },
  resize_nearest: {
    tile: null,
    fields: { ...RESIZE, ...i32("innerBytes"), ...RESIZED, ...i32("rounding"), ...f32("scale") },
    scalarOnly: true,
  },
  trilu: { tile: null, fields: TRILU, scalarOnly: true },
  f32_layernorm: { tile: null, fields: LAYERNORM },
  vcast: { tile: null, fields: { ...i32("from", "to"), ...CONVERT } },
  f32_quantize: {
    tile: null,
    fields: { ...CHANNELS, ...i32("scales", "zeroPoints", "output", "outputMin", "outputMax") },
  },
  x8_dequantize: {
    tile: null,
    fields: { ...CHANNELS, ...i32("signed", "scales", "zeroPoints", "output") },
  },
  i32_dequantize: { tile: null, fields: { ...CHANNELS, ...i32("scales", "output") } },
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

/** The families in the order of the list. */
export const FAMILIES: readonly Family[] = Object.keys(KERNELS) as Family[];

/** The export's name, for example qs8_qc8w_gemm_4x8c2__simd128; of a scalarOnly family the scalar one. */
export function kernelName(family: Family, isa: Isa): string {
  const { tile, scalarOnly }: KernelEntry = KERNELS[family];
  return `${family}${tile === null ? "" : `_${tile}`}__${scalarOnly ? "scalar" : isa}`;
}
