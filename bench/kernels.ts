// int8 GEMM on each layer shape of MobileNetV2-1.4 against onnxruntime-web's MatMulInteger, and as a share of
// the machine's ceiling. One thread, one process, runs interleaved, medians.
//   npm run bench -- kernels [--json]
// Ours also adds the bias, requantizes to int8 and clamps; the peer stops at int32. The peer gets uint8 × int8,
// its fast path (int8 × int8 is 15 times slower), and many nodes a run, so that its call costs nothing.
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-web/wasm";
import { packGemm } from "../models/pack.ts";
import { createArena } from "../wasm/arena.ts";
import { compile } from "../wasm/build.ts";
import { instantiateKernels, type Kernels, paramsBytes, scratchBytes, writeParams } from "../wasm/kernels.ts";
import { encodeMatMulInteger } from "./onnx.ts";
import { interleave, judge, type Row } from "./report.ts";

interface Shape {
  readonly name: string;
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  /** How many layers of the network have this shape. */
  readonly uses: number;
}

const RUNS = 31;
const WARM_UP_RUNS = 5;
/** Multiply-adds of one timed run: about a millisecond. */
const RUN_MACS = 40e6;
const CEILING_TURNS = 400_000;
const MACS_PER_TURN = 64;
const MEMORY_PAGES = 256;
const PEER = "onnxruntime-web MatMulInteger";

/** Rows in GMAC/s, one a shape, then the geometric mean and the shares of the ceiling. */
export async function benchKernels(): Promise<Row[]> {
  ort.env.wasm.numThreads = 1;
  const shapes: Shape[] = JSON.parse(await readFile(new URL("shapes.json", import.meta.url), "utf8"));
  const module = await WebAssembly.compile(await readFile(new URL("../wasm/kernels.wasm", import.meta.url)));
  const ceiling = await createCeiling();
  const rows: Row[] = [];
  const ratios: number[] = [];
  const shares: number[] = [];
  let seconds = 0;
  let ceilingSeconds = 0;
  for (const shape of shapes) {
    const macs = shape.rows * shape.inputs * shape.outputs;
    const repeats = Math.max(1, Math.min(64, Math.round(RUN_MACS / macs)));
    const peer = await createPeer(shape, repeats);
    const ours = createOurs(module, shape, repeats);
    const [ourTime, peerTime, ceilingTime] = await medians([ours, peer.run, ceiling]);
    await peer.release();
    const rate = (macs * repeats) / ourTime! / 1e6;
    const peerRate = (macs * repeats) / peerTime! / 1e6;
    const ceilingRate = (CEILING_TURNS * MACS_PER_TURN) / ceilingTime! / 1e6;
    rows.push(
      compare(`gemm ${shape.name} ${shape.rows}×${shape.inputs}×${shape.outputs}`, rate, peerRate, 1),
    );
    ratios.push(rate / peerRate);
    shares.push(rate / ceilingRate);
    seconds += (shape.uses * macs) / rate;
    ceilingSeconds += (shape.uses * macs) / ceilingRate;
  }
  rows.push(judge("gemm geometric mean of the ratios", geometricMean(ratios), "×", "at least", 1.2));
  rows.push(
    judge("gemm share of the ceiling, by time", ceilingSeconds / seconds, "of ceiling", "at least", 0.85),
  );
  rows.push(
    judge("gemm share of the ceiling, best shape", Math.max(...shares), "of ceiling", "at least", 0.85),
  );
  return rows;
}

function compare(name: string, value: number, peerValue: number, target: number): Row {
  const ratio = value / peerValue;
  return { name, value, unit: "GMAC/s", peer: PEER, peerValue, ratio, target, met: ratio >= target };
}

type Run = () => void | Promise<void>;

/** Median milliseconds of each run. */
async function medians(runs: readonly Run[]): Promise<number[]> {
  const times = await interleave(runs, { count: RUNS, warmUp: WARM_UP_RUNS });
  return times.map((sorted) => sorted[RUNS >> 1]!);
}

/** Small varied bytes; the speed does not depend on them. */
function fill(bytes: Int8Array | Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7919) % 251;
}

function createOurs(module: WebAssembly.Module, shape: Shape, repeats: number): Run {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES });
  const kernels: Kernels = instantiateKernels(module, memory);
  const arena = createArena(memory);
  const { rows, inputs, outputs } = shape;
  const weights = new Int8Array(outputs * inputs);
  fill(weights);
  const packed = packGemm({
    ...{ outputs, inputs, weights },
    bias: new Int32Array(outputs),
    scale: new Float32Array(outputs).fill(1e-3),
  });
  const values = {
    ...{ rows, inputs, outputs, inputStride: inputs, outputStride: outputs },
    ...{ input: 0, weights: 0, output: 0, outputZeroPoint: 3, outputMin: -128, outputMax: 127, scratch: 0 },
  };
  const placed = {
    ...values,
    input: arena.allocate(rows * inputs),
    weights: arena.allocate(packed.length),
    output: arena.allocate(rows * outputs),
    scratch: arena.allocate(scratchBytes("qs8_qc8w_gemm", values)),
  };
  fill(new Int8Array(memory.buffer, placed.input, rows * inputs));
  new Uint8Array(memory.buffer).set(packed, placed.weights);
  const params = arena.allocate(paramsBytes("qs8_qc8w_gemm"));
  writeParams(new DataView(memory.buffer), params, "qs8_qc8w_gemm", placed);
  const kernel = kernels.qs8_qc8w_gemm.simd128;
  return () => {
    for (let i = 0; i < repeats; i++) kernel(params);
  };
}

async function createPeer(
  shape: Shape,
  nodes: number,
): Promise<{ run: () => Promise<void>; release: () => Promise<void> }> {
  const { rows, inputs, outputs } = shape;
  const weights = new Int8Array(inputs * outputs);
  fill(weights);
  const session = await ort.InferenceSession.create(
    encodeMatMulInteger(rows, inputs, outputs, nodes, weights),
    // Without optimization, because the optimizer would merge the equal nodes; it has nothing to improve in one.
    { executionProviders: ["wasm"], graphOptimizationLevel: "disabled" },
  );
  const data = new Uint8Array(rows * inputs);
  fill(data);
  const a = new ort.Tensor("uint8", data, [rows, inputs]);
  return {
    run: async () => void (await session.run({ a }, ["y0"])),
    release: () => session.release(),
  };
}

async function createCeiling(): Promise<Run> {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const { instance } = await WebAssembly.instantiate(await compile("bench/ceiling.ts"), { env: { memory } });
  const ceiling = instance.exports.ceiling as (data: number, turns: number) => void;
  fill(new Int8Array(memory.buffer));
  return () => ceiling(65536, CEILING_TURNS);
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
