// f32_vunary: output = op(input), element by element, in place if the pointers are equal. The specification of the
// family; docs/kernels.md has the formula of each op. NaN in gives NaN out, and every NaN is stored as 0x7fc00000.
import { erfFloat, geluFloat } from "../erf";
import { expFloat } from "../exp";
import { between, hardSwish } from "../hardswish";
import { logDouble, logFloat } from "../log";
import { canonicalFloat } from "../nan";
import {
  UNARY_ABS, UNARY_AFFINE, UNARY_CEIL, UNARY_CELU, UNARY_CLIP, UNARY_COS, UNARY_ELU, UNARY_ERF, UNARY_EXP,
  UNARY_FLOOR, UNARY_GELU, UNARY_GELU_TANH, UNARY_HARD_SIGMOID, UNARY_HARD_SWISH, UNARY_LEAKY_RELU, UNARY_LOG,
  UNARY_NEG, UNARY_RECIPROCAL, UNARY_RELU, UNARY_ROUND, UNARY_RSQRT, UNARY_SELU, UNARY_SIGMOID, UNARY_SIGN,
  UNARY_SILU, UNARY_SIN, UNARY_SOFTPLUS, UNARY_SOFTSIGN, UNARY_SQRT, UNARY_SQUARE, UNARY_TANH,
} from "../operators";
import { sigmoidFloat, tanhFloat } from "../tanh";
import { cosFloat, sinFloat } from "../trig";
import { UnaryParams } from "./params";

export const SQRT_TWO_OVER_PI: f32 = 0.79788456080286536;
export const GELU_CUBIC: f32 = 0.044715;

export function f32_vunary__scalar(p: UnaryParams): void {
  unaryRange(p, 0);
}

/** The elements from `first` on. */
export function unaryRange(p: UnaryParams, first: i32): void {
  for (let i = first; i < p.length; i++) {
    const at = <usize>i << 2;
    store<f32>(p.output + at, canonicalFloat(unary(p.op, load<f32>(p.input + at), p.alpha, p.beta)));
  }
}

function unary(op: i32, x: f32, alpha: f32, beta: f32): f32 {
  switch (op) {
    case UNARY_ABS: return abs<f32>(x);
    case UNARY_NEG: return -x;
    case UNARY_FLOOR: return floor<f32>(x);
    case UNARY_CEIL: return ceil<f32>(x);
    case UNARY_ROUND: return nearest<f32>(x);
    case UNARY_SIGN: return x > 0 ? 1 : x < 0 ? -1 : x;
    case UNARY_SQRT: return sqrt<f32>(x);
    case UNARY_RSQRT: return 1 / sqrt<f32>(x);
    case UNARY_SQUARE: return x * x;
    case UNARY_RECIPROCAL: return 1 / x;
    case UNARY_EXP: return expFloat(x);
    case UNARY_LOG: return logFloat(x);
    case UNARY_SIN: return sinFloat(x);
    case UNARY_COS: return cosFloat(x);
    case UNARY_TANH: return tanhFloat(x);
    case UNARY_SIGMOID: return sigmoidFloat(x);
    case UNARY_ERF: return erfFloat(x);
    case UNARY_GELU: return geluFloat(x);
    case UNARY_GELU_TANH: {
      const inner = SQRT_TWO_OVER_PI * (x + GELU_CUBIC * (x * (x * x)));
      return 0.5 * x * (1 + tanhFloat(inner));
    }
    case UNARY_SOFTPLUS: return softplus(x);
    case UNARY_SOFTSIGN: return x / (1 + abs<f32>(x));
    case UNARY_ELU: return x < 0 ? alpha * (expFloat(x) - 1) : x;
    case UNARY_SELU: return beta * (x < 0 ? alpha * (expFloat(x) - 1) : x);
    case UNARY_CELU: return x < 0 ? alpha * (expFloat(x / alpha) - 1) : x;
    case UNARY_LEAKY_RELU: return x < 0 ? alpha * x : x;
    case UNARY_HARD_SIGMOID: return between(alpha * x + beta, 0, 1);
    case UNARY_HARD_SWISH: return hardSwish(x);
    case UNARY_SILU: return x / (1 + expFloat(-x));
    case UNARY_CLIP: return between(x, alpha, beta);
    case UNARY_AFFINE: return alpha * x + beta;
    case UNARY_RELU: return x < 0 ? 0 : x;
    default: return 0;
  }
}

/** max(x, 0) + log(1 + exp(−|x|)), in f64 from the exponential on so that a small one is not lost beside the 1. */
function softplus(x: f32): f32 {
  const power = <f64>expFloat(-abs<f32>(x));
  const above: f32 = x < 0 ? 0 : x;
  return <f32>(<f64>above + logDouble(1 + power));
}
