// One bit pattern for every NaN. Processors differ in the sign and payload of a NaN that arithmetic makes, so a family
// whose results may be NaN stores this one.

const CANONICAL_NAN: i32 = 0x7fc00000;
/** In memory, as in exp128.ts. */
const CANONICAL_NAN_IN_MEMORY: usize = memory.data<i32>([CANONICAL_NAN], 4);

/** `value`, and 0x7fc00000 for any NaN. */
// @ts-ignore: decorator
@inline
export function canonicalFloat(value: f32): f32 {
  return value == value ? value : reinterpret<f32>(CANONICAL_NAN);
}

/** canonicalFloat() of four lanes. */
// @ts-ignore: decorator
@inline
export function canonicalFloats(value: v128): v128 {
  return v128.bitselect(value, v128.load32_splat(CANONICAL_NAN_IN_MEMORY), f32x4.eq(value, value));
}

/** The same of either float type; 0x7ff8000000000000 is the NaN of f64. */
// @ts-ignore: decorator
@inline
export function canonical<T>(value: T): T {
  if (sizeof<T>() == 4) return <T>canonicalFloat(<f32>value);
  return value == value ? value : <T>reinterpret<f64>(0x7ff8000000000000);
}
