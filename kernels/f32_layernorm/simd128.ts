// f32_layernorm in SIMD: the four lanes are the four partial sums of the scalar sibling.
import { canonicalFloat, canonicalFloats } from "../nan";
import { LayernormParams } from "./params";

export function f32_layernorm__simd128(p: LayernormParams): void {
  const bytes = <usize>p.columns << 2;
  const whole = bytes & ~15;
  for (let row = 0; row < p.rows; row++) {
    const input = p.input + <usize>row * bytes;
    const output = p.output + <usize>row * bytes;
    const mean: f32 = p.centred != 0 ? meanOf(input, bytes, p.columns) : 0;
    const factor: f32 = 1 / sqrt<f32>(meanSquareOf(input, bytes, p.columns, mean) + p.epsilon);
    const means = f32x4.splat(mean);
    const factors = f32x4.splat(factor);
    for (let c: usize = 0; c < whole; c += 16) {
      let value = f32x4.mul(f32x4.sub(v128.load(input + c), means), factors);
      if (p.gamma != 0) value = f32x4.mul(value, v128.load(p.gamma + c));
      if (p.beta != 0) value = f32x4.add(value, v128.load(p.beta + c));
      v128.store(output + c, canonicalFloats(value));
    }
    for (let c = whole; c < bytes; c += 4) {
      let value: f32 = (load<f32>(input + c) - mean) * factor;
      if (p.gamma != 0) value = value * load<f32>(p.gamma + c);
      if (p.beta != 0) value = value + load<f32>(p.beta + c);
      store<f32>(output + c, canonicalFloat(value));
    }
  }
}

function meanOf(input: usize, bytes: usize, columns: i32): f32 {
  let sums = f32x4.splat(0);
  const whole = bytes & ~15;
  for (let c: usize = 0; c < whole; c += 16) sums = f32x4.add(sums, v128.load(input + c));
  let last = sums;
  for (let c = whole; c < bytes; c += 4) last = addLane(last, c - whole, load<f32>(input + c));
  return sumOf(last) / <f32>columns;
}

function meanSquareOf(input: usize, bytes: usize, columns: i32, centre: f32): f32 {
  let sums = f32x4.splat(0);
  const whole = bytes & ~15;
  for (let c: usize = 0; c < whole; c += 16) {
    const value = f32x4.sub(v128.load(input + c), f32x4.splat(centre));
    sums = f32x4.add(sums, f32x4.mul(value, value));
  }
  let last = sums;
  for (let c = whole; c < bytes; c += 4) {
    const value: f32 = load<f32>(input + c) - centre;
    last = addLane(last, c - whole, value * value);
  }
  return sumOf(last) / <f32>columns;
}

/** Adds to the lane of byte `at`. */
function addLane(sums: v128, at: usize, value: f32): v128 {
  if (at == 0) return f32x4.replace_lane(sums, 0, f32x4.extract_lane(sums, 0) + value);
  if (at == 4) return f32x4.replace_lane(sums, 1, f32x4.extract_lane(sums, 1) + value);
  return f32x4.replace_lane(sums, 2, f32x4.extract_lane(sums, 2) + value);
}

function sumOf(sums: v128): f32 {
  return f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1)
    + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
}
