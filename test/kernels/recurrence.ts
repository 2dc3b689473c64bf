// What the models of f32_lstm and f32_gru share: every step rounded to f32, activations by f32_vunary, whose own test
// holds them against Math.

import { instantiateKernels } from "../../wasm/kernels.ts";
import { FIRST_FREE_BYTE } from "../../wasm/memory.ts";
import { UNARY } from "../../wasm/operators.ts";
import { paramsBytes, writeParams } from "../../wasm/params.ts";
import { clamp } from "./model.ts";
import { kernelModule } from "./sandbox.ts";

export const f = Math.fround;

const memory = new WebAssembly.Memory({ initial: 2 });
const vunary = instantiateKernels(kernelModule, memory).f32_vunary.scalar;
const INPUT = FIRST_FREE_BYTE + paramsBytes("f32_vunary");

function activate(name: (typeof UNARY)[number], x: number): number {
  const view = new DataView(memory.buffer);
  const pointers = { input: INPUT, output: INPUT };
  const fields = { op: UNARY.indexOf(name), length: 1, ...pointers, alpha: 0, beta: 0 };
  writeParams(view, FIRST_FREE_BYTE, "f32_vunary", fields);
  view.setFloat32(INPUT, x, true);
  vunary(FIRST_FREE_BYTE);
  return view.getFloat32(INPUT, true);
}

export const sigmoid = (x: number, clip: number) => activate("sigmoid", clip > 0 ? clamp(x, -clip, clip) : x);
export const tanh = (x: number, clip: number) => activate("tanh", clip > 0 ? clamp(x, -clip, clip) : x);

/** Row `row` of the weights (rows, vector.length) times the vector, product k in partial sum k mod 4. */
export function rowTimes(weights: Float32Array, row: number, vector: readonly number[]): number {
  const sums = [0, 0, 0, 0];
  vector.forEach((value, k) => {
    sums[k % 4] = f(sums[k % 4]! + f(weights[row * vector.length + k]! * value));
  });
  return f(f(sums[0]! + sums[1]!) + f(sums[2]! + sums[3]!));
}

/** Steps of a sequence in the order in which they are taken. */
export function timesOf(steps: number, given: number | undefined, reverse: number): number[] {
  const length = Math.min(Math.max(given ?? steps, 0), steps);
  const times = Array.from({ length }, (_, time) => time);
  return reverse === 0 ? times : times.reverse();
}

export interface Recurrence {
  readonly name: string;
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  readonly reverse: number;
  readonly clip: number;
  /** One a sequence, also outside 0..steps. */
  readonly lengths: readonly number[] | null;
  /** Peephole weights, or the biases of the recurrence. */
  readonly extra: boolean;
}

const BASE = { steps: 3, batch: 2, hidden: 9, reverse: 0, clip: 0, lengths: null, extra: true };

export const RECURRENCES: readonly Recurrence[] = [
  ...[1, 2, 3, 4, 5, 7, 8, 12, 17].map((hidden) => ({ ...BASE, name: `${hidden} units`, hidden })),
  { ...BASE, name: "without the optional weights", extra: false },
  { ...BASE, name: "reverse", reverse: 1 },
  { ...BASE, name: "clipped", clip: 0.25 },
  { ...BASE, name: "lengths", steps: 4, batch: 6, lengths: [1, 2, 0, 4, -3, 9] },
  { ...BASE, name: "lengths in reverse", steps: 4, batch: 6, lengths: [1, 2, 0, 4, -3, 9], reverse: 1 },
  { ...BASE, name: "no steps", steps: 0 },
  { ...BASE, name: "one sequence, many steps", batch: 1, steps: 11, hidden: 6 },
];

/** Where the outputs of a step and of a sequence lie: (batch, steps, a gap, hidden) shows that both strides count. */
export const stridesOf = ({ steps, hidden }: Recurrence) => ({
  outputStepStride: hidden + 2,
  outputBatchStride: steps * (hidden + 2),
});
