// qs8_vbinary in SIMD: 8 elements a turn where the last dimension of both operands is contiguous or repeated; other
// rows, and the last size5 mod 8 elements, take the scalar code.
import { outerCount, outerOffset } from "../broadcast";
import { BINARY_ADD } from "../operators";
import { QuantizedBinaryParams } from "./params";
import { quantizedRow } from "./scalar";

export function qs8_vbinary__simd128(p: QuantizedBinaryParams): void {
  const sizes = changetype<usize>(p) + offsetof<QuantizedBinaryParams>("size0");
  const aStrides = changetype<usize>(p) + offsetof<QuantizedBinaryParams>("aStride0");
  const bStrides = changetype<usize>(p) + offsetof<QuantizedBinaryParams>("bStride0");
  const outer = p.size5 == 0 || p.size4 == 0 ? 0 : outerCount(sizes);
  let output = p.output;
  for (let i = 0; i < outer; i++) {
    let a = p.a + <usize>outerOffset(sizes, aStrides, i);
    let b = p.b + <usize>outerOffset(sizes, bStrides, i);
    for (let j = 0; j < p.size4; j++) {
      row(p, a, b, output);
      a += <usize>p.aStride4;
      b += <usize>p.bStride4;
      output += <usize>p.size5;
    }
  }
}

function row(p: QuantizedBinaryParams, a: usize, b: usize, output: usize): void {
  const aStep = p.aStride5;
  const bStep = p.bStride5;
  const vectors = (aStep | bStep) == 1;
  const whole = vectors ? p.size5 & ~7 : 0;
  const aScale = f32x4.splat(p.aScale), bScale = f32x4.splat(p.bScale), scale = f32x4.splat(p.outputScale);
  const aZero = i16x8.splat(<i16>p.aZeroPoint), bZero = i16x8.splat(<i16>p.bZeroPoint);
  const low = f32x4.splat(<f32>(p.outputMin - p.outputZeroPoint));
  const high = f32x4.splat(<f32>(p.outputMax - p.outputZeroPoint));
  const zero = f32x4.splat(<f32>p.outputZeroPoint);
  const shift = i16x8.splat(<i16>(p.outputMin + 128));
  for (let i: usize = 0; i < <usize>whole; i += 8) {
    const x = i16x8.sub(aStep ? v128.load8x8_s(a + i) : i16x8.splat(<i16>load<i8>(a)), aZero);
    const y = i16x8.sub(bStep ? v128.load8x8_s(b + i) : i16x8.splat(<i16>load<i8>(b)), bZero);
    const first = lanes(
      p.op, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(x)), aScale),
      f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(y)), bScale), scale, low, high, zero,
    );
    const second = lanes(
      p.op, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(x)), aScale),
      f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(y)), bScale), scale, low, high, zero,
    );
    const words = i16x8.sub(i16x8.narrow_i32x4_s(first, second), shift);
    v128.store64_lane(output + i, i8x16.narrow_i16x8_s(words, words), 0);
  }
  quantizedRow(
    p, a + <usize>whole * <usize>aStep, b + <usize>whole * <usize>bStep, output + <usize>whole, p.size5 - whole,
  );
}

// @ts-ignore: decorator
@inline
function lanes(op: i32, x: v128, y: v128, scale: v128, low: v128, high: v128, zero: v128): v128 {
  const real = f32x4.div(op == BINARY_ADD ? f32x4.add(x, y) : f32x4.mul(x, y), scale);
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.add(f32x4.pmin(high, f32x4.pmax(low, real)), zero)));
}
