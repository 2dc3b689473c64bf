// f32_gru in SIMD: 4 units at a time, the last hidden mod 4 through the scalar sibling.
import { canonicalFloats } from "../nan";
import { lengthOf } from "../recurrence";
import { limitLanes, multiplyRowsLanes } from "../recurrence128";
import { sigmoidLanes, tanhLanes } from "../tanh128";
import { GruParams } from "./params";
import { gatesAt, outputAt, resetFrom, unitsFrom } from "./scalar";

export function f32_gru__simd128(p: GruParams): void {
  const rowBytes = <usize>p.hidden << 2;
  memory.copy(p.finalH, p.initialH, <usize>p.batch * rowBytes);
  for (let b = 0; b < p.batch; b++) {
    const h = p.finalH + <usize>b * rowBytes;
    const length = lengthOf(p.lengths, b, p.steps);
    for (let step = 0; step < length; step++) {
      const time = p.reverse != 0 ? length - 1 - step : step;
      const xw = gatesAt(p, time, b);
      multiplyRowsLanes(p.weights, (p.linearBeforeReset != 0 ? 3 : 2) * p.hidden, p.hidden, h, p.scratch);
      reset(p, xw, h);
      if (p.linearBeforeReset == 0) {
        const candidates = p.weights + 2 * <usize>p.hidden * rowBytes;
        multiplyRowsLanes(candidates, p.hidden, p.hidden, p.scratch + 3 * rowBytes, p.scratch + 2 * rowBytes);
      }
      units(p, xw, h, outputAt(p, time, b));
    }
    for (let time = length; time < p.steps; time++) memory.fill(outputAt(p, time, b), 0, rowBytes);
  }
}

function reset(p: GruParams, xw: usize, h: usize): void {
  const gate = <usize>p.hidden << 2;
  const whole = gate & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    const r = sigmoidLanes(limitLanes(gateSums(p, xw, gate + at), p.clip));
    v128.store(p.scratch + gate + at, r);
    v128.store(p.scratch + 3 * gate + at, f32x4.mul(r, v128.load(h + at)));
  }
  resetFrom(p, p.hidden & ~3, xw, h);
}

// @ts-ignore: decorator
@inline
function gateSums(p: GruParams, xw: usize, at: usize): v128 {
  const sums = f32x4.add(v128.load(xw + at), v128.load(p.scratch + at));
  return p.recurrenceBias != 0 ? f32x4.add(sums, v128.load(p.recurrenceBias + at)) : sums;
}

function units(p: GruParams, xw: usize, h: usize, output: usize): void {
  const gate = <usize>p.hidden << 2;
  const whole = gate & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    const candidate = 2 * gate + at;
    const z = sigmoidLanes(limitLanes(gateSums(p, xw, at), p.clip));
    let sums: v128;
    if (p.linearBeforeReset != 0) {
      let recurrent = v128.load(p.scratch + candidate);
      if (p.recurrenceBias != 0) recurrent = f32x4.add(recurrent, v128.load(p.recurrenceBias + candidate));
      sums = f32x4.add(v128.load(xw + candidate), f32x4.mul(v128.load(p.scratch + gate + at), recurrent));
    } else {
      sums = gateSums(p, xw, candidate);
    }
    const fresh = f32x4.mul(f32x4.sub(f32x4.splat(1), z), tanhLanes(limitLanes(sums, p.clip)));
    const result = canonicalFloats(f32x4.add(fresh, f32x4.mul(z, v128.load(h + at))));
    v128.store(h + at, result);
    v128.store(output + at, result);
  }
  unitsFrom(p, p.hidden & ~3, xw, h, output);
}
