// f32_qd8_quantize in SIMD, 16 floats at a time. The largest of a row does not depend on the order.
import { roundLanes } from "../round128";
import { QuantizeParams } from "./params";
import { factorOf, largestOf, quantizeRow, scaleOf } from "./scalar";

export function f32_qd8_quantize__simd128(p: QuantizeParams): void {
  const whole = p.columns & ~15;
  for (let row = 0; row < p.rows; row++) {
    const input = p.input + ((<usize>row * <usize>p.columns) << 2);
    const output = p.output + <usize>row * <usize>p.columns;
    const end = input + (<usize>whole << 2);
    const largest = largestOf(largestOfWhole(input, end), end, p.columns - whole);
    const factor = factorOf(largest);
    store<f32>(p.scales + (<usize>row << 2), scaleOf(largest));
    if (factor == 0) {
      quantizeRow(input, output, p.columns, 0);
    } else {
      quantizeWhole(input, end, output, factor);
      quantizeRow(end, output + whole, p.columns - whole, factor);
    }
  }
}

function largestOfWhole(input: usize, end: usize): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (; input < end; input += 64) {
    a = f32x4.pmax(a, f32x4.abs(v128.load(input, 0)));
    b = f32x4.pmax(b, f32x4.abs(v128.load(input, 16)));
    c = f32x4.pmax(c, f32x4.abs(v128.load(input, 32)));
    d = f32x4.pmax(d, f32x4.abs(v128.load(input, 48)));
  }
  a = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
  return max<f32>(
    max<f32>(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max<f32>(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
  );
}

/** The saturating narrowing clamps from above; roundLanes() says why that is right. */
function quantizeWhole(input: usize, end: usize, output: usize, factor: f32): void {
  const factors = f32x4.splat(factor), low = f32x4.splat(-127);
  for (; input < end; input += 64) {
    const a = f32x4.mul(v128.load(input, 0), factors), b = f32x4.mul(v128.load(input, 16), factors);
    const c = f32x4.mul(v128.load(input, 32), factors), d = f32x4.mul(v128.load(input, 48), factors);
    const ab = i16x8.narrow_i32x4_s(roundLanes(a, low), roundLanes(b, low));
    const cd = i16x8.narrow_i32x4_s(roundLanes(c, low), roundLanes(d, low));
    v128.store(output, i8x16.narrow_i16x8_s(ab, cd));
    output += 16;
  }
}
