// vcast: output = input as another element type. Floats go through f64 and integers through i64, which hold every value
// of their kind exactly, so each conversion rounds at most once. Float to integer truncates and saturates, NaN gives 0;
// integer to integer wraps; to bool is ≠ 0, so NaN is true. The specification of the family.
import { CAST_F32, CAST_F64, CAST_I32, CAST_I64, CAST_I8, CAST_U8 } from "../operators";
import { canonical } from "../nan";
import { CastParams } from "./params";

export function vcast__scalar(p: CastParams): void {
  castRange(p, 0);
}

/** The elements from `first` on. */
export function castRange(p: CastParams, first: i32): void {
  const from = p.from;
  const to = p.to;
  const inputBytes = bytesOf(from);
  const outputBytes = bytesOf(to);
  const isFloat = from == CAST_F32 || from == CAST_F64;
  let input = p.input + <usize>first * inputBytes;
  let output = p.output + <usize>first * outputBytes;
  for (let i = first; i < p.length; i++) {
    if (isFloat) storeFloat(to, output, from == CAST_F32 ? <f64>load<f32>(input) : load<f64>(input));
    else storeInteger(to, output, loadInteger(from, input));
    input += inputBytes;
    output += outputBytes;
  }
}

function bytesOf(type: i32): usize {
  if (type == CAST_F64 || type == CAST_I64) return 8;
  return type == CAST_F32 || type == CAST_I32 ? 4 : 1;
}

function loadInteger(type: i32, at: usize): i64 {
  switch (type) {
    case CAST_I64: return load<i64>(at);
    case CAST_I32: return <i64>load<i32>(at);
    case CAST_I8: return <i64>load<i8>(at);
    default: return <i64>load<u8>(at);
  }
}

/** Casts from float to integer saturate in WebAssembly, and NaN becomes 0. */
function storeFloat(type: i32, at: usize, value: f64): void {
  switch (type) {
    case CAST_F32: store<f32>(at, canonical<f32>(<f32>value)); break;
    case CAST_F64: store<f64>(at, canonical<f64>(value)); break;
    case CAST_I64: store<i64>(at, <i64>value); break;
    case CAST_I32: store<i32>(at, <i32>value); break;
    case CAST_I8: store<i8>(at, <i8>max<i32>(-128, min<i32>(127, <i32>value))); break;
    case CAST_U8: store<u8>(at, <u8>max<i32>(0, min<i32>(255, <i32>value))); break;
    default: store<u8>(at, <u8>(value != 0));
  }
}

function storeInteger(type: i32, at: usize, value: i64): void {
  switch (type) {
    case CAST_F32: store<f32>(at, <f32>value); break;
    case CAST_F64: store<f64>(at, <f64>value); break;
    case CAST_I64: store<i64>(at, value); break;
    case CAST_I32: store<i32>(at, <i32>value); break;
    case CAST_I8: case CAST_U8: store<u8>(at, <u8>value); break;
    default: store<u8>(at, <u8>(value != 0));
  }
}
