import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";
import {
  f,
  RECURRENCES,
  type Recurrence,
  rowTimes,
  sigmoid,
  stridesOf,
  tanh,
  timesOf,
} from "./recurrence.ts";
import { runSiblings } from "./sandbox.ts";

function tensorsOf({ steps, batch, hidden, lengths, extra }: Recurrence, seed: number) {
  const random = createRandom(seed);
  return {
    xw: random.float32(steps * batch * 3 * hidden, -3, 3),
    weights: random.float32(3 * hidden * hidden, -1, 1),
    initialH: random.float32(batch * hidden, -1, 1),
    ...(extra ? { recurrenceBias: random.float32(3 * hidden, -1, 1) } : {}),
    ...(lengths === null ? {} : { lengths: Int32Array.from(lengths) }),
  };
}
type Tensors = ReturnType<typeof tensorsOf>;

/** Outputs as (batch, steps, hidden), then the last h. */
function model(shape: Recurrence, linearBeforeReset: number, tensors: Tensors): Float32Array {
  const { steps, batch, hidden, reverse, clip, lengths } = shape;
  const { xw, weights, recurrenceBias } = tensors;
  const outputs = new Float32Array(batch * steps * hidden);
  const finals: number[] = [];
  for (let b = 0; b < batch; b++) {
    let h = [...tensors.initialH.subarray(b * hidden, (b + 1) * hidden)];
    for (const time of timesOf(steps, lengths?.[b], reverse)) {
      const input = (row: number) => xw[(time * batch + b) * 3 * hidden + row]!;
      const biased = (sum: number, row: number) =>
        recurrenceBias === undefined ? sum : f(sum + recurrenceBias[row]!);
      const gate = (row: number) => biased(f(input(row) + rowTimes(weights, row, h)), row);
      const z = h.map((_, unit) => sigmoid(gate(unit), clip));
      const r = h.map((_, unit) => sigmoid(gate(hidden + unit), clip));
      const kept = h.map((state, unit) => f(r[unit]! * state));
      h = h.map((state, unit) => {
        const row = 2 * hidden + unit;
        const sum =
          linearBeforeReset === 1
            ? f(input(row) + f(r[unit]! * biased(rowTimes(weights, row, h), row)))
            : biased(f(input(row) + rowTimes(weights, row, kept)), row);
        return f(f(f(1 - z[unit]!) * tanh(sum, clip)) + f(z[unit]! * state));
      });
      outputs.set(h, (b * steps + time) * hidden);
    }
    finals.push(...h);
  }
  return Float32Array.of(...outputs, ...finals);
}

function run(shape: Recurrence, linearBeforeReset: number, tensors: Tensors): Uint8Array {
  const { steps, batch, hidden, reverse, clip } = shape;
  return runSiblings({
    family: "f32_gru",
    values: { steps, batch, hidden, reverse, clip, linearBeforeReset, ...stridesOf(shape) },
    tensors,
    output: { rows: batch * steps, rowBytes: 4 * hidden, strideBytes: 4 * (hidden + 2) },
    second: { pointer: "finalH", bytes: 4 * batch * hidden },
  });
}

for (const linearBeforeReset of [0, 1]) {
  for (const [i, shape] of RECURRENCES.entries()) {
    test(`f32_gru equals the plain model, linear_before_reset ${linearBeforeReset}: ${shape.name}`, () => {
      const tensors = tensorsOf(shape, 740 + i);
      const expected = model(shape, linearBeforeReset, tensors);
      assert.deepEqual(run(shape, linearBeforeReset, tensors), new Uint8Array(expected.buffer));
    });
  }

  test(`f32_gru stores every NaN as one, linear_before_reset ${linearBeforeReset}`, () => {
    const shape = RECURRENCES[6]!;
    const tensors = tensorsOf(shape, 760);
    new Uint32Array(tensors.xw.buffer).fill(0xffc54321, 0, 5);
    const words = new Uint32Array(run(shape, linearBeforeReset, tensors).buffer);
    const nans = [...words].filter((word) => (word & 0x7fffffff) > 0x7f800000);
    assert.ok(nans.length > 0 && nans.every((word) => word === 0x7fc00000));
  });
}
