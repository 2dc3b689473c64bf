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

function tensorsOf({ steps, batch, hidden, lengths, extra }: Recurrence, seed: number, size: number) {
  const random = createRandom(seed);
  return {
    xw: random.float32(steps * batch * 4 * hidden, -size, size),
    weights: random.float32(4 * hidden * hidden, -1, 1),
    initialH: random.float32(batch * hidden, -1, 1),
    initialC: random.float32(batch * hidden, -2, 2),
    ...(extra ? { peephole: random.float32(3 * hidden, -1, 1) } : {}),
    ...(lengths === null ? {} : { lengths: Int32Array.from(lengths) }),
  };
}
type Tensors = ReturnType<typeof tensorsOf>;

/** Outputs as (batch, steps, hidden), then the last h, then the last c. */
function model(shape: Recurrence, tensors: Tensors): Float32Array {
  const { steps, batch, hidden, reverse, clip, lengths } = shape;
  const { xw, weights, peephole } = tensors;
  const outputs = new Float32Array(batch * steps * hidden);
  const finals: number[][] = [[], []];
  for (let b = 0; b < batch; b++) {
    let h = [...tensors.initialH.subarray(b * hidden, (b + 1) * hidden)];
    let c = [...tensors.initialC.subarray(b * hidden, (b + 1) * hidden)];
    for (const time of timesOf(steps, lengths?.[b], reverse)) {
      const gate = (number: number, unit: number) => {
        const row = number * hidden + unit;
        return f(xw[(time * batch + b) * 4 * hidden + row]! + rowTimes(weights, row, h));
      };
      const look = (sum: number, number: number, unit: number, state: number) =>
        peephole === undefined ? sum : f(sum + f(peephole[number * hidden + unit]! * state));
      const nextC = c.map((before, unit) => {
        const i = sigmoid(look(gate(0, unit), 0, unit, before), clip);
        const forget = sigmoid(look(gate(2, unit), 2, unit, before), clip);
        return f(f(forget * before) + f(i * tanh(gate(3, unit), clip)));
      });
      h = nextC.map((after, unit) => f(sigmoid(look(gate(1, unit), 1, unit, after), clip) * tanh(after, 0)));
      c = nextC;
      outputs.set(h, (b * steps + time) * hidden);
    }
    finals[0]!.push(...h);
    finals[1]!.push(...c);
  }
  return Float32Array.of(...outputs, ...finals.flat());
}

function run(shape: Recurrence, tensors: Tensors): Uint8Array {
  const { steps, batch, hidden, reverse, clip } = shape;
  const stateBytes = 4 * batch * hidden;
  return runSiblings({
    family: "f32_lstm",
    values: { steps, batch, hidden, reverse, clip, ...stridesOf(shape) },
    tensors,
    output: { rows: batch * steps, rowBytes: 4 * hidden, strideBytes: 4 * (hidden + 2) },
    second: { pointer: "finalH", bytes: stateBytes },
    third: { pointer: "finalC", bytes: stateBytes },
  });
}

for (const [i, shape] of RECURRENCES.entries()) {
  test(`f32_lstm equals the plain model: ${shape.name}`, () => {
    const tensors = tensorsOf(shape, 700 + i, 3);
    assert.deepEqual(run(shape, tensors), new Uint8Array(model(shape, tensors).buffer));
  });
}

test("f32_lstm stores every NaN as one", () => {
  const shape = RECURRENCES[6]!;
  const tensors = tensorsOf(shape, 720, 3);
  new Uint32Array(tensors.xw.buffer).fill(0xffc54321, 0, 5);
  const words = new Uint32Array(run(shape, tensors).buffer);
  const nans = [...words].filter((word) => (word & 0x7fffffff) > 0x7f800000);
  assert.ok(nans.length > 0 && nans.every((word) => word === 0x7fc00000));
});
