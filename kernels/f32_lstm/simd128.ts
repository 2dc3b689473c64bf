// f32_lstm in SIMD: 4 units at a time, the last hidden mod 4 through the scalar sibling.
import { canonicalFloats } from "../nan";
import { lengthOf } from "../recurrence";
import { limitLanes, multiplyRowsLanes } from "../recurrence128";
import { sigmoidLanes, tanhLanes } from "../tanh128";
import { LstmParams } from "./params";
import { begin, gatesAt, outputAt, unitsFrom } from "./scalar";

export function f32_lstm__simd128(p: LstmParams): void {
  begin(p);
  const rowBytes = <usize>p.hidden << 2;
  for (let b = 0; b < p.batch; b++) {
    const h = p.finalH + <usize>b * rowBytes;
    const c = p.finalC + <usize>b * rowBytes;
    const length = lengthOf(p.lengths, b, p.steps);
    for (let step = 0; step < length; step++) {
      const time = p.reverse != 0 ? length - 1 - step : step;
      multiplyRowsLanes(p.weights, 4 * p.hidden, p.hidden, h, p.scratch);
      units(p, gatesAt(p, time, b), h, c, outputAt(p, time, b));
    }
    for (let time = length; time < p.steps; time++) memory.fill(outputAt(p, time, b), 0, rowBytes);
  }
}

function units(p: LstmParams, xw: usize, h: usize, c: usize, output: usize): void {
  const gate = <usize>p.hidden << 2;
  const whole = gate & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    const before = v128.load(c + at);
    let i = f32x4.add(v128.load(xw + at), v128.load(p.scratch + at));
    let o = f32x4.add(v128.load(xw + gate + at), v128.load(p.scratch + gate + at));
    let f = f32x4.add(v128.load(xw + 2 * gate + at), v128.load(p.scratch + 2 * gate + at));
    const g = f32x4.add(v128.load(xw + 3 * gate + at), v128.load(p.scratch + 3 * gate + at));
    if (p.peephole != 0) {
      i = f32x4.add(i, f32x4.mul(v128.load(p.peephole + at), before));
      f = f32x4.add(f, f32x4.mul(v128.load(p.peephole + 2 * gate + at), before));
    }
    const kept = f32x4.mul(sigmoidLanes(limitLanes(f, p.clip)), before);
    const added = f32x4.mul(sigmoidLanes(limitLanes(i, p.clip)), tanhLanes(limitLanes(g, p.clip)));
    const after = canonicalFloats(f32x4.add(kept, added));
    if (p.peephole != 0) o = f32x4.add(o, f32x4.mul(v128.load(p.peephole + gate + at), after));
    const result = canonicalFloats(f32x4.mul(sigmoidLanes(limitLanes(o, p.clip)), tanhLanes(after)));
    v128.store(c + at, after);
    v128.store(h + at, result);
    v128.store(output + at, result);
  }
  unitsFrom(p, p.hidden & ~3, xw, h, c, output);
}
