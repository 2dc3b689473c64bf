// Linear memory at the largest request of each model, and the cold start of a worker, each in processes of their own.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { FirstAnswer } from "./first-answer.ts";
import { judge, quantile, type Row } from "./report.ts";

const STARTS = 31;
/** Little enough beside the second that Cloudflare allows a worker to start. */
const MAX_COLD_START_MS = 80;
const TFJS = "tfjs-backend-wasm";
const ORT = "onnxruntime-web f32";
/** Model, type and shape of its largest request, peer, and the most MiB it may take. */
const CASES = [
  ["moderate-mobilenet-v2", "u8", "1x224x224x3", TFJS, 48],
  ["embed-use-lite", "i32", "128", TFJS, 100],
  ["ocr-detect", "u8", "1x736x736x3", ORT, 100],
  ["ocr-orient", "u8", "16x48x192x3", ORT, 100],
  ["ocr-recognise", "u8", "4x48x1600x3", ORT, 100],
] as const;

export async function benchMemory(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [model, dtype, shape, peer, target] of CASES) {
    const [ours, theirs] = [await ask("quorate", model, dtype, shape), await ask(peer, model, dtype, shape)];
    const [value, peerValue] = [ours.linearBytes / 2 ** 20, theirs.linearBytes / 2 ** 20];
    const name = `${model}, ${shape.replaceAll("x", "×")}, linear memory`;
    rows.push({ ...judge(name, value, "MiB", "at most", target), peer, peerValue, ratio: peerValue / value });
  }
  return [...rows, await benchColdStart()];
}

/** Compile and instantiate the kernels, load MobileNetV2 from files, answer once; and the same on the peer. */
async function benchColdStart(): Promise<Row> {
  const [model, dtype, shape, peer] = CASES[0];
  const times: [number[], number[]] = [[], []];
  for (let start = 0; start < STARTS; start++) {
    times[0].push((await ask("quorate", model, dtype, shape)).milliseconds);
    times[1].push((await ask(peer, model, dtype, shape)).milliseconds);
  }
  const [value, peerValue] = times.map((list) =>
    quantile(
      list.sort((a, b) => a - b),
      0.5,
    ),
  ) as [number, number];
  const row = judge(
    "cold start of MobileNetV2, to the first answer",
    value,
    "ms",
    "at most",
    MAX_COLD_START_MS,
  );
  return { ...row, peer, peerValue, ratio: peerValue / value };
}

async function ask(...request: string[]): Promise<FirstAnswer> {
  const program = fileURLToPath(new URL("first-answer.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...request]);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}
