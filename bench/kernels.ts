// Kernels on the layer shapes of the models they serve (shapes.json) against the same operator of onnxruntime-web, and
// the int8 GEMM as a share of the machine's ceiling. One thread, one process, runs interleaved, medians.
//   npm run bench -- kernels [--json]
import { readFile } from "node:fs/promises";
import { packDwconv, packDynamicGemm, packF32Dwconv, packF32Gemm, packGemm } from "../models/pack.ts";
import { createCeiling } from "./ceiling-loop.ts";
import type { RepeatedNode } from "./onnx.ts";
import { createPeer } from "./peer.ts";
import { interleave, judge, type Row } from "./report.ts";
import { createStage, type Stage, variedBytes, variedFloats } from "./stage.ts";

interface GemmShape {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

interface Shapes {
  /** Of MobileNetV2-1.4; `uses` says how many of its layers have the shape. */
  readonly gemm: readonly (GemmShape & { readonly uses: number })[];
  /** Of the text transformer and of PP-OCRv4 recognition, float and with rows quantized as they come. */
  readonly floatGemm: readonly GemmShape[];
  readonly dynamicGemm: readonly GemmShape[];
  /** Padded so that the output has ceil(size / stride) pixels. */
  readonly depthwise: readonly DepthwiseShape[];
}

interface DepthwiseShape {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernel: number;
  readonly strides: readonly [down: number, across: number];
}

/** What is timed: ours on a stage of its own, the peer's node, and the multiply-adds of both. */
interface Contest {
  readonly name: string;
  readonly macs: number;
  readonly ours: (stage: Stage) => () => void;
  readonly peer: RepeatedNode;
}

type Run = () => void | Promise<void>;

const RUNS = 31;
const WARM_UP_RUNS = 5;
/** Multiply-adds of one timed run: about a millisecond. */
const RUN_MACS = 40e6;
const INT8 = { outputMin: -128, outputMax: 127 };
const EVERYTHING = {
  ...{ outputMin: Number.NEGATIVE_INFINITY, outputMax: Number.POSITIVE_INFINITY },
  ...{ activation: 0, offset: 0 },
};

/** Rows in GMAC/s, one a shape; for the int8 GEMM also the geometric mean and the shares of the ceiling. */
export async function benchKernels(): Promise<Row[]> {
  const shapes: Shapes = JSON.parse(await readFile(new URL("shapes.json", import.meta.url), "utf8"));
  const module = await WebAssembly.compile(await readFile(new URL("../wasm/kernels.wasm", import.meta.url)));
  const rows = await benchGemm(module, shapes.gemm);
  const contests = [
    ...shapes.floatGemm.map(floatGemm),
    ...shapes.dynamicGemm.map(dynamicGemm),
    ...shapes.depthwise.flatMap((shape) => [floatDepthwise(shape), depthwise(shape)]),
  ];
  for (const contest of contests) {
    const { rate, peerRate } = await race(module, contest, []);
    rows.push(compare(contest, rate, peerRate));
  }
  return rows;
}

async function benchGemm(module: WebAssembly.Module, shapes: Shapes["gemm"]): Promise<Row[]> {
  const ceiling = await createCeiling();
  const rows: Row[] = [];
  const ratios: number[] = [];
  const shares: number[] = [];
  let seconds = 0;
  let ceilingSeconds = 0;
  for (const shape of shapes) {
    const contest = gemm(shape);
    const { rate, peerRate, others } = await race(module, contest, [ceiling.run]);
    const ceilingRate = ceiling.rateOf(others[0]!);
    rows.push(compare(contest, rate, peerRate));
    ratios.push(rate / peerRate);
    shares.push(rate / ceilingRate);
    seconds += (shape.uses * contest.macs) / rate;
    ceilingSeconds += (shape.uses * contest.macs) / ceilingRate;
  }
  const share = ceilingSeconds / seconds;
  return [
    ...rows,
    judge("gemm geometric mean of the ratios", geometricMean(ratios), "×", "at least", 1.2),
    judge("gemm share of the ceiling, by time", share, "of ceiling", "at least", 0.85),
    judge("gemm share of the ceiling, best shape", Math.max(...shares), "of ceiling", "at least", 0.85),
  ];
}

/** Ours also adds the bias, requantizes and clamps; the peer stops at int32, and gets uint8 × int8, its fast path. */
function gemm({ name, rows, inputs, outputs }: GemmShape): Contest {
  const weights = variedBytes(outputs * inputs);
  const bias = new Int32Array(outputs);
  const scale = new Float32Array(outputs).fill(1e-3);
  return {
    name: `gemm ${name} ${rows}×${inputs}×${outputs}`,
    macs: rows * inputs * outputs,
    ours: (stage) =>
      stage.call("qs8_qc8w_gemm", {
        ...{ rows, inputs, outputs, inputStride: inputs, outputStride: outputs, ...INT8, outputZeroPoint: 3 },
        input: stage.bytes(rows * inputs),
        weights: stage.copy(packGemm({ outputs, inputs, weights, bias, scale })),
        output: stage.bytes(rows * outputs),
      }),
    peer: {
      operator: "MatMulInteger",
      input: { type: "uint8", shape: [rows, inputs] },
      constants: [{ type: "int8", shape: [inputs, outputs], data: weights }],
      output: { type: "int32", shape: [rows, outputs] },
    },
  };
}

function floatGemm({ name, rows, inputs, outputs }: GemmShape): Contest {
  const weights = variedFloats(outputs * inputs);
  const bias = new Float32Array(outputs);
  return {
    name: `f32 gemm ${name} ${rows}×${inputs}×${outputs}`,
    macs: rows * inputs * outputs,
    ours: (stage) =>
      stage.call("f32_gemm", {
        ...{ rows, inputs, outputs, inputStride: inputs, outputStride: outputs, ...EVERYTHING },
        input: stage.floats(rows * inputs),
        weights: stage.copy(packF32Gemm({ outputs, inputs, weights, bias })),
        output: stage.floats(rows * outputs),
      }),
    peer: {
      operator: "MatMul",
      input: { type: "float32", shape: [rows, inputs] },
      constants: [{ type: "float32", shape: [inputs, outputs], data: weights }],
      output: { type: "float32", shape: [rows, outputs] },
    },
  };
}

/** Float in and out, int8 in between: both quantize the rows as part of the run. */
function dynamicGemm({ name, rows, inputs, outputs }: GemmShape): Contest {
  const weights = variedBytes(outputs * inputs);
  const bias = new Float32Array(outputs);
  const scale = new Float32Array(outputs).fill(1e-3);
  return {
    name: `dynamic gemm ${name} ${rows}×${inputs}×${outputs}`,
    macs: rows * inputs * outputs,
    ours(stage) {
      const quantized = stage.bytes(rows * inputs);
      const rowScales = stage.floats(rows);
      const quantize = stage.call("f32_qd8_quantize", {
        ...{ rows, columns: inputs, output: quantized, scales: rowScales },
        input: stage.floats(rows * inputs),
      });
      const multiply = stage.call("qd8_f32_qc8w_gemm", {
        ...{ rows, inputs, outputs, inputStride: inputs, outputStride: outputs, ...EVERYTHING },
        ...{ input: quantized, rowScales },
        weights: stage.copy(packDynamicGemm({ outputs, inputs, weights, bias, scale })),
        output: stage.floats(rows * outputs),
      });
      return () => {
        quantize();
        multiply();
      };
    },
    peer: {
      ...{ operator: "DynamicQuantizeMatMul", domain: "com.microsoft" },
      input: { type: "float32", shape: [rows, inputs] },
      constants: [
        { type: "int8", shape: [inputs, outputs], data: weights },
        { type: "float32", shape: [1], data: Float32Array.of(1e-3) },
      ],
      output: { type: "float32", shape: [rows, outputs] },
    },
  };
}

/** Sizes of a depthwise shape, as ours and as the peer name them. */
function window({ height, width, channels, kernel, strides: [strideHeight, strideWidth] }: DepthwiseShape) {
  const outputHeight = Math.ceil(height / strideHeight);
  const outputWidth = Math.ceil(width / strideWidth);
  const taps = kernel * kernel;
  const half = kernel >> 1;
  return {
    taps,
    pixels: height * width,
    outputPixels: outputHeight * outputWidth,
    macs: outputHeight * outputWidth * channels * taps,
    values: {
      ...{ batch: 1, inputHeight: height, inputWidth: width, channels, outputHeight, outputWidth },
      ...{
        kernelHeight: kernel,
        kernelWidth: kernel,
        strideHeight,
        strideWidth,
        padTop: half,
        padLeft: half,
      },
    },
    attributes: {
      ...{ group: channels, kernel_shape: [kernel, kernel], strides: [strideHeight, strideWidth] },
      pads: [half, half, half, half],
    },
    inputShape: [1, channels, height, width],
    outputShape: [1, channels, outputHeight, outputWidth],
  };
}

function title({ name, height, width, channels, kernel, strides }: DepthwiseShape): string {
  return `depthwise ${name} ${height}×${width}×${channels}, ${kernel}×${kernel} stride ${strides.join("×")}`;
}

/** The peer of both: its own int8 convolution (QLinearConv) is several times slower than its float one. */
function depthwisePeer(shape: DepthwiseShape): RepeatedNode {
  const { channels, kernel } = shape;
  const { taps, attributes, inputShape, outputShape } = window(shape);
  const data = variedFloats(channels * taps);
  return {
    ...{ operator: "Conv", attributes },
    input: { type: "float32", shape: inputShape },
    constants: [{ type: "float32", shape: [channels, 1, kernel, kernel], data }],
    output: { type: "float32", shape: outputShape },
  };
}

function floatDepthwise(shape: DepthwiseShape): Contest {
  const { channels } = shape;
  const { taps, pixels, outputPixels, macs, values } = window(shape);
  const weights = variedFloats(channels * taps);
  const bias = new Float32Array(channels);
  return {
    name: `f32 ${title(shape)}`,
    macs,
    ours: (stage) =>
      stage.call("f32_dwconv", {
        ...values,
        ...EVERYTHING,
        input: stage.floats(pixels * channels),
        weights: stage.copy(packF32Dwconv({ channels, taps, weights, bias })),
        output: stage.floats(outputPixels * channels),
      }),
    peer: depthwisePeer(shape),
  };
}

function depthwise(shape: DepthwiseShape): Contest {
  const { channels } = shape;
  const { taps, pixels, outputPixels, macs, values } = window(shape);
  const weights = variedBytes(channels * taps);
  const bias = new Int32Array(channels);
  const scale = new Float32Array(channels).fill(1e-2);
  return {
    name: title(shape),
    macs,
    ours: (stage) =>
      stage.call("qs8_qc8w_dwconv", {
        ...{ ...values, ...INT8, inputZeroPoint: 0, outputZeroPoint: 0 },
        input: stage.bytes(pixels * channels),
        weights: stage.copy(packDwconv({ channels, taps, weights, bias, scale })),
        output: stage.bytes(outputPixels * channels),
      }),
    peer: depthwisePeer(shape),
  };
}

/** GMAC/s of both, and the milliseconds of what ran in turn with them. */
async function race(module: WebAssembly.Module, contest: Contest, others: readonly Run[]) {
  const repeats = Math.max(1, Math.min(64, Math.round(RUN_MACS / contest.macs)));
  const peer = await createPeer(contest.peer, repeats);
  const once = contest.ours(createStage(module));
  const ours = () => {
    for (let i = 0; i < repeats; i++) once();
  };
  const times = await interleave([ours, peer.run, ...others], { count: RUNS, warmUp: WARM_UP_RUNS });
  await peer.release();
  const [ourTime, peerTime, ...otherTimes] = times.map((sorted) => sorted[RUNS >> 1]!);
  const rateOf = (time: number) => (contest.macs * repeats) / time / 1e6;
  return { rate: rateOf(ourTime!), peerRate: rateOf(peerTime!), others: otherTimes };
}

function compare({ name, peer }: Contest, value: number, peerValue: number): Row {
  const ratio = value / peerValue;
  return {
    ...{ name, value, unit: "GMAC/s", peer: `onnxruntime-web ${peer.operator}`, peerValue, ratio },
    ...{ target: 1, met: ratio >= 1 },
  };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
