// f32_lstm: the recurrence of one direction. xw (steps, batch, 4 · hidden) is x · Wᵀ with both biases, weights are
// R (4 · hidden, hidden), gates in the order i o f c, peephole weights (pointer 0: none) in the order i o f.
//   i = σ(limit(xw + R·h + P · c)), f likewise; g = tanh(limit(xw + R·h)); c′ = f · c + i · g
//   o = σ(limit(xw + R·h + P · c′)); h′ = o · tanh(c′)
// each step rounded, from left to right. R·h and limit() are those of kernels/recurrence.ts, σ and tanh those of
// kernels/tanh.ts. Sequence b has lengths[b] steps, of which reverse takes the last one first; the output of the steps
// behind them is 0, and finalH and finalC (batch, hidden), which serve as the state, keep what the last one gave. A NaN
// is stored as 0x7fc00000. The specification of the family.
import { canonicalFloat } from "../nan";
import { lengthOf, limit, multiplyRows } from "../recurrence";
import { sigmoidFloat, tanhFloat } from "../tanh";
import { LstmParams } from "./params";

export function f32_lstm__scalar(p: LstmParams): void {
  begin(p);
  const rowBytes = <usize>p.hidden << 2;
  for (let b = 0; b < p.batch; b++) {
    const h = p.finalH + <usize>b * rowBytes;
    const c = p.finalC + <usize>b * rowBytes;
    const length = lengthOf(p.lengths, b, p.steps);
    for (let step = 0; step < length; step++) {
      const time = p.reverse != 0 ? length - 1 - step : step;
      multiplyRows(p.weights, 4 * p.hidden, p.hidden, h, p.scratch);
      unitsFrom(p, 0, gatesAt(p, time, b), h, c, outputAt(p, time, b));
    }
    for (let time = length; time < p.steps; time++) memory.fill(outputAt(p, time, b), 0, rowBytes);
  }
}

/** The states before the first step. */
export function begin(p: LstmParams): void {
  const bytes = <usize>(p.batch * p.hidden) << 2;
  memory.copy(p.finalH, p.initialH, bytes);
  memory.copy(p.finalC, p.initialC, bytes);
}

export function gatesAt(p: LstmParams, time: i32, b: i32): usize {
  return p.xw + (<usize>((time * p.batch + b) * 4 * p.hidden) << 2);
}

export function outputAt(p: LstmParams, time: i32, b: i32): usize {
  return p.output + (<usize>(time * p.outputStepStride + b * p.outputBatchStride) << 2);
}

/** The units from `first` on: their gates from xw and from R·h in scratch, their states in place. */
export function unitsFrom(p: LstmParams, first: i32, xw: usize, h: usize, c: usize, output: usize): void {
  const gate = <usize>p.hidden << 2;
  for (let unit = first; unit < p.hidden; unit++) {
    const at = <usize>unit << 2;
    const before = load<f32>(c + at);
    let i = load<f32>(xw + at) + load<f32>(p.scratch + at);
    let o = load<f32>(xw + gate + at) + load<f32>(p.scratch + gate + at);
    let f = load<f32>(xw + 2 * gate + at) + load<f32>(p.scratch + 2 * gate + at);
    const g = load<f32>(xw + 3 * gate + at) + load<f32>(p.scratch + 3 * gate + at);
    if (p.peephole != 0) {
      i += load<f32>(p.peephole + at) * before;
      f += load<f32>(p.peephole + 2 * gate + at) * before;
    }
    const kept = sigmoidFloat(limit(f, p.clip)) * before;
    const after = canonicalFloat(kept + sigmoidFloat(limit(i, p.clip)) * tanhFloat(limit(g, p.clip)));
    if (p.peephole != 0) o += load<f32>(p.peephole + gate + at) * after;
    const result = canonicalFloat(sigmoidFloat(limit(o, p.clip)) * tanhFloat(after));
    store<f32>(c + at, after);
    store<f32>(h + at, result);
    store<f32>(output + at, result);
  }
}
