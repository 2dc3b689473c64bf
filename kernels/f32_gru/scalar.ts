// f32_gru: the recurrence of one direction. xw (steps, batch, 3 · hidden) is x · Wᵀ with the input's biases, weights are
// R (3 · hidden, hidden), recurrenceBias has one element a row of R (pointer 0: none), gates in the order z r h.
//   z = σ(limit(xw + R·h + recurrenceBias)), r likewise
//   n = tanh(limit(xw + R·(r · h) + recurrenceBias)), or with linearBeforeReset
//       tanh(limit(xw + r · (R·h + recurrenceBias)))
//   h′ = (1 − z) · n + z · h
// each step rounded, from left to right. The rest is as in f32_lstm. The specification of the family.
import { canonicalFloat } from "../nan";
import { lengthOf, limit, multiplyRows } from "../recurrence";
import { sigmoidFloat, tanhFloat } from "../tanh";
import { GruParams } from "./params";

export function f32_gru__scalar(p: GruParams): void {
  const rowBytes = <usize>p.hidden << 2;
  memory.copy(p.finalH, p.initialH, <usize>p.batch * rowBytes);
  for (let b = 0; b < p.batch; b++) {
    const h = p.finalH + <usize>b * rowBytes;
    const length = lengthOf(p.lengths, b, p.steps);
    for (let step = 0; step < length; step++) {
      const time = p.reverse != 0 ? length - 1 - step : step;
      const xw = gatesAt(p, time, b);
      multiplyRows(p.weights, (p.linearBeforeReset != 0 ? 3 : 2) * p.hidden, p.hidden, h, p.scratch);
      resetFrom(p, 0, xw, h);
      if (p.linearBeforeReset == 0) {
        const candidates = p.weights + 2 * <usize>p.hidden * rowBytes;
        multiplyRows(candidates, p.hidden, p.hidden, p.scratch + 3 * rowBytes, p.scratch + 2 * rowBytes);
      }
      unitsFrom(p, 0, xw, h, outputAt(p, time, b));
    }
    for (let time = length; time < p.steps; time++) memory.fill(outputAt(p, time, b), 0, rowBytes);
  }
}

export function gatesAt(p: GruParams, time: i32, b: i32): usize {
  return p.xw + (<usize>((time * p.batch + b) * 3 * p.hidden) << 2);
}

export function outputAt(p: GruParams, time: i32, b: i32): usize {
  return p.output + (<usize>(time * p.outputStepStride + b * p.outputBatchStride) << 2);
}

/** In scratch, of the units from `first` on: R·h of gate r becomes r, and r · h goes behind the three gates. */
export function resetFrom(p: GruParams, first: i32, xw: usize, h: usize): void {
  const gate = <usize>p.hidden << 2;
  for (let unit = first; unit < p.hidden; unit++) {
    const at = <usize>unit << 2;
    const r = sigmoidFloat(limit(gateSum(p, xw, gate + at), p.clip));
    store<f32>(p.scratch + gate + at, r);
    store<f32>(p.scratch + 3 * gate + at, r * load<f32>(h + at));
  }
}

/** xw + R·h + recurrenceBias at byte `at` of the gates. */
// @ts-ignore: decorator
@inline
function gateSum(p: GruParams, xw: usize, at: usize): f32 {
  const sum: f32 = load<f32>(xw + at) + load<f32>(p.scratch + at);
  return p.recurrenceBias != 0 ? sum + load<f32>(p.recurrenceBias + at) : sum;
}

/** The units from `first` on: their state in place. */
export function unitsFrom(p: GruParams, first: i32, xw: usize, h: usize, output: usize): void {
  const gate = <usize>p.hidden << 2;
  for (let unit = first; unit < p.hidden; unit++) {
    const at = <usize>unit << 2;
    const candidate = 2 * gate + at;
    const z = sigmoidFloat(limit(gateSum(p, xw, at), p.clip));
    let sum: f32;
    if (p.linearBeforeReset != 0) {
      let recurrent = load<f32>(p.scratch + candidate);
      if (p.recurrenceBias != 0) recurrent += load<f32>(p.recurrenceBias + candidate);
      sum = load<f32>(xw + candidate) + load<f32>(p.scratch + gate + at) * recurrent;
    } else {
      sum = gateSum(p, xw, candidate);
    }
    const result = canonicalFloat((1 - z) * tanhFloat(limit(sum, p.clip)) + z * load<f32>(h + at));
    store<f32>(h + at, result);
    store<f32>(output + at, result);
  }
}
