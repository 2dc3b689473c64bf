// The SIMD side of clamp.ts: the same results, four lanes at a time. The constants live in memory, 16 bytes each,
// because reloading one costs a single load while V8 rebuilds a splat from a scalar in two or three instructions.
import { hardSwishLanes } from "./hardswish128";
import { ACTIVATION_HARD_SWISH } from "./operators";

/** 1.5 · 2^23: adding it to |f| < 2^22 leaves nearest-even(f) in the low bits of the sum. */
const MAGIC: f32 = 12582912.0;
const MAGIC_BITS: i32 = 0x4b400000;

/** For families without scratch. */
const MAGIC_IN_MEMORY: usize = memory.data<f32>([MAGIC], 4);

/** Bytes of the block that writeQuantizedOutput or writeFloatOutput fills. */
export const OUTPUT_CONSTANTS_BYTES: usize = 80;

/** Fills `constants` for requantizing to outputMin..outputMax around zeroPoint. */
export function writeQuantizedOutput(constants: usize, zeroPoint: i32, outputMin: i32, outputMax: i32): void {
  v128.store(constants, f32x4.splat(<f32>(outputMin - zeroPoint)), 0);
  v128.store(constants, i8x16.splat(<i8>outputMax), 16);
  v128.store(constants, f32x4.splat(MAGIC), 32);
  v128.store(constants, i32x4.splat(MAGIC_BITS - zeroPoint), 48);
  v128.store(constants, i8x16.splat(<i8>outputMin), 64);
}

/** Fills `constants` for clamping floats and activating them. */
export function writeFloatOutput(
  constants: usize, outputMin: f32, outputMax: f32, activation: i32, offset: f32,
): void {
  v128.store(constants, f32x4.splat(outputMin), 0);
  v128.store(constants, f32x4.splat(outputMax), 16);
  v128.store(constants, f32x4.splat(offset), 32);
  store<i32>(constants, activation, 48);
}

/**
 * nearest(max(value, low)) + zeroPoint as i32 lanes. Exact for |value| < 2^22; above that the bits of a positive
 * float still grow with the float, so the saturating narrowing that follows clamps the top. NaN becomes low.
 */
// @ts-ignore: decorator
@inline
function roundFrom(value: v128, constants: usize): v128 {
  const raised = f32x4.pmax(v128.load(constants, 0), value);
  return i32x4.sub(f32x4.add(raised, v128.load(constants, 32)), v128.load(constants, 48));
}

/** roundFrom() for families without scratch: no zero point, the lower bound given. */
// @ts-ignore: decorator
@inline
export function roundLanes(value: v128, low: v128): v128 {
  const magic = v128.load32_splat(MAGIC_IN_MEMORY);
  return i32x4.sub(f32x4.add(f32x4.pmax(low, value), magic), magic);
}

/** requantize() of eight accumulators into i16 lanes, not yet clamped from above. */
// @ts-ignore: decorator
@inline
export function requantize8(a: v128, b: v128, scaleA: v128, scaleB: v128, constants: usize): v128 {
  return i16x8.narrow_i32x4_s(
    roundFrom(f32x4.mul(f32x4.convert_i32x4_s(a), scaleA), constants),
    roundFrom(f32x4.mul(f32x4.convert_i32x4_s(b), scaleB), constants),
  );
}

/** Two requantize8 results into 16 bytes, clamped from above. */
// @ts-ignore: decorator
@inline
export function narrow16(a: v128, b: v128, constants: usize): v128 {
  return i8x16.min_s(v128.load(constants, 16), i8x16.narrow_i16x8_s(a, b));
}

/** requantize8() for tame scales (isTame), not yet clamped from either side: one operation a vector less. */
// @ts-ignore: decorator
@inline
export function requantizeTame8(a: v128, b: v128, scaleA: v128, scaleB: v128, constants: usize): v128 {
  return i16x8.narrow_i32x4_s(
    roundTame(f32x4.mul(f32x4.convert_i32x4_s(a), scaleA), constants),
    roundTame(f32x4.mul(f32x4.convert_i32x4_s(b), scaleB), constants),
  );
}

// @ts-ignore: decorator
@inline
function roundTame(value: v128, constants: usize): v128 {
  return i32x4.sub(f32x4.add(value, v128.load(constants, 32)), v128.load(constants, 48));
}

/** Two requantizeTame8 results into 16 bytes, clamped from both sides. */
// @ts-ignore: decorator
@inline
export function narrowTame16(a: v128, b: v128, constants: usize): v128 {
  return i8x16.max_s(v128.load(constants, 64), narrow16(a, b, constants));
}

/**
 * Whether no accumulator of this panel can reach 2^22 output steps: |scale| · (|bias| + 2^14 · inputs) < 2^22 in
 * every lane. True for any sane model; false for a NaN. Then rounding needs no clamp before it.
 */
export function isTame(panel: usize, inputs: i32): bool {
  const products = f32x4.splat(<f32>inputs * 16384);
  const limit = f32x4.splat(4194304);
  const first = f32x4.add(f32x4.abs(f32x4.convert_i32x4_s(v128.load(panel, 0))), products);
  const second = f32x4.add(f32x4.abs(f32x4.convert_i32x4_s(v128.load(panel, 16))), products);
  return i32x4.all_true(v128.and(
    f32x4.lt(f32x4.mul(first, f32x4.abs(v128.load(panel, 32))), limit),
    f32x4.lt(f32x4.mul(second, f32x4.abs(v128.load(panel, 48))), limit),
  ));
}

/** clampFloat() of four lanes. */
// @ts-ignore: decorator
@inline
export function clampFloats(value: v128, constants: usize): v128 {
  return f32x4.pmin(v128.load(constants, 16), f32x4.pmax(v128.load(constants, 0), value));
}

/** Whether writeFloatOutput was given an activation. */
// @ts-ignore: decorator
@inline
export function isActivated(constants: usize): bool {
  return load<i32>(constants, 48) == ACTIVATION_HARD_SWISH;
}

/** The activation of four clamped lanes. */
// @ts-ignore: decorator
@inline
export function activateFloats(value: v128, constants: usize): v128 {
  return f32x4.add(hardSwishLanes(value), v128.load(constants, 32));
}

/** An accumulator times its scale, clamped. */
// @ts-ignore: decorator
@inline
export function scaleFloats(accumulator: v128, scale: v128, constants: usize): v128 {
  return clampFloats(f32x4.mul(f32x4.convert_i32x4_s(accumulator), scale), constants);
}
