// f32_vunary in SIMD: 4 elements a turn. Each hot op has a loop of its own, in which `op` is a constant and
// `lanes` shrinks to one branch; the others, and the last length mod 4 elements, take the scalar code.
import { erfLanes, geluLanes } from "../erf128";
import { expLanes } from "../exp128";
import { hardSwishLanes } from "../hardswish128";
import { canonicalFloats } from "../nan";
import {
  UNARY_ABS, UNARY_AFFINE, UNARY_CLIP, UNARY_ELU, UNARY_ERF, UNARY_EXP, UNARY_GELU, UNARY_GELU_TANH, UNARY_HARD_SIGMOID,
  UNARY_HARD_SWISH, UNARY_LEAKY_RELU, UNARY_NEG, UNARY_RECIPROCAL, UNARY_RELU, UNARY_SIGMOID, UNARY_SILU, UNARY_SQRT,
  UNARY_SQUARE, UNARY_TANH,
} from "../operators";
import { sigmoidLanes, tanhLanes } from "../tanh128";
import { UnaryParams } from "./params";
import { GELU_CUBIC, SQRT_TWO_OVER_PI, unaryRange } from "./scalar";

export function f32_vunary__simd128(p: UnaryParams): void {
  switch (p.op) {
    case UNARY_ABS: loop(UNARY_ABS, p); break;
    case UNARY_NEG: loop(UNARY_NEG, p); break;
    case UNARY_SQRT: loop(UNARY_SQRT, p); break;
    case UNARY_SQUARE: loop(UNARY_SQUARE, p); break;
    case UNARY_RECIPROCAL: loop(UNARY_RECIPROCAL, p); break;
    case UNARY_EXP: loop(UNARY_EXP, p); break;
    case UNARY_TANH: loop(UNARY_TANH, p); break;
    case UNARY_SIGMOID: loop(UNARY_SIGMOID, p); break;
    case UNARY_ERF: loop(UNARY_ERF, p); break;
    case UNARY_ELU: loop(UNARY_ELU, p); break;
    case UNARY_GELU: loop(UNARY_GELU, p); break;
    case UNARY_GELU_TANH: loop(UNARY_GELU_TANH, p); break;
    case UNARY_LEAKY_RELU: loop(UNARY_LEAKY_RELU, p); break;
    case UNARY_HARD_SIGMOID: loop(UNARY_HARD_SIGMOID, p); break;
    case UNARY_HARD_SWISH: loop(UNARY_HARD_SWISH, p); break;
    case UNARY_SILU: loop(UNARY_SILU, p); break;
    case UNARY_CLIP: loop(UNARY_CLIP, p); break;
    case UNARY_AFFINE: loop(UNARY_AFFINE, p); break;
    case UNARY_RELU: loop(UNARY_RELU, p); break;
    default: unaryRange(p, 0);
  }
}

// @ts-ignore: decorator
@inline
function loop(op: i32, p: UnaryParams): void {
  const alpha = f32x4.splat(p.alpha);
  const beta = f32x4.splat(p.beta);
  const whole = p.length & ~3;
  const end = <usize>whole << 2;
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(p.output + at, canonicalFloats(lanes(op, v128.load(p.input + at), alpha, beta)));
  }
  unaryRange(p, whole);
}

/** pmax(a, b) is a < b ? b : a, so a NaN in a stays. */
// @ts-ignore: decorator
@inline
function between(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

// @ts-ignore: decorator
@inline
function lanes(op: i32, x: v128, alpha: v128, beta: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (op == UNARY_ABS) return f32x4.abs(x);
  if (op == UNARY_NEG) return f32x4.neg(x);
  if (op == UNARY_SQRT) return f32x4.sqrt(x);
  if (op == UNARY_SQUARE) return f32x4.mul(x, x);
  if (op == UNARY_RECIPROCAL) return f32x4.div(one, x);
  if (op == UNARY_EXP) return expLanes(x);
  if (op == UNARY_TANH) return tanhLanes(x);
  if (op == UNARY_SIGMOID) return sigmoidLanes(x);
  if (op == UNARY_ERF) return erfLanes(x);
  if (op == UNARY_ELU) {
    return v128.bitselect(f32x4.mul(alpha, f32x4.sub(expLanes(x), one)), x, f32x4.lt(x, zero));
  }
  if (op == UNARY_GELU) return geluLanes(x);
  if (op == UNARY_GELU_TANH) {
    const cubic = f32x4.mul(f32x4.splat(GELU_CUBIC), f32x4.mul(x, f32x4.mul(x, x)));
    const inner = f32x4.mul(f32x4.splat(SQRT_TWO_OVER_PI), f32x4.add(x, cubic));
    return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(one, tanhLanes(inner)));
  }
  if (op == UNARY_LEAKY_RELU) return v128.bitselect(f32x4.mul(alpha, x), x, f32x4.lt(x, zero));
  if (op == UNARY_HARD_SIGMOID) return between(f32x4.add(f32x4.mul(alpha, x), beta), zero, one);
  if (op == UNARY_HARD_SWISH) return hardSwishLanes(x);
  if (op == UNARY_SILU) return f32x4.div(x, f32x4.add(one, expLanes(f32x4.neg(x))));
  if (op == UNARY_CLIP) return between(x, alpha, beta);
  if (op == UNARY_AFFINE) return f32x4.add(f32x4.mul(alpha, x), beta);
  return f32x4.pmax(x, zero); // relu
}
