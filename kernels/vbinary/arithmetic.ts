// One element of the vbinary families: what each op does to two values of a type. Nothing traps, and any NaN is the
// canonical one. All integers are computed in i64, which is right modulo 2^64, and wrap when they are stored.
import { powDouble } from "../log";
import { canonical } from "../nan";
import {
  BINARY_ADD, BINARY_AND, BINARY_DIV, BINARY_FMOD, BINARY_MAX, BINARY_MIN, BINARY_MOD, BINARY_MUL, BINARY_OR,
  BINARY_POW, BINARY_PRELU, BINARY_SQUARED_DIFFERENCE, BINARY_SUB, BINARY_XOR,
} from "../operators";

export function binary<T>(op: i32, x: T, y: T): T {
  if (isFloat<T>()) return canonical<T>(binaryFloat<T>(op, x, y));
  return <T>binaryInteger(op, <i64>x, <i64>y);
}

function binaryFloat<T>(op: i32, x: T, y: T): T {
  switch (op) {
    case BINARY_ADD: return <T>(x + y);
    case BINARY_SUB: return <T>(x - y);
    case BINARY_MUL: return <T>(x * y);
    case BINARY_DIV: return <T>(x / y);
    case BINARY_MIN: return min<T>(x, y);
    case BINARY_MAX: return max<T>(x, y);
    case BINARY_POW: return <T>powDouble(<f64>x, <f64>y);
    case BINARY_MOD: return floorMod<T>(x, y);
    case BINARY_FMOD: return <T>(x % y);
    case BINARY_PRELU: return x < <T>0 ? <T>(x * y) : x;
    case BINARY_SQUARED_DIFFERENCE: return <T>((x - y) * (x - y));
    default: return <T>0;
  }
}

/** The remainder with the sign of y; a zero has it too. Infinite y with the other sign gives y. */
function floorMod<T>(x: T, y: T): T {
  const rest = <T>(x % y);
  if (rest == <T>0) return copysign<T>(rest, y);
  return rest < <T>0 != y < <T>0 ? <T>(rest + y) : rest;
}

function binaryInteger(op: i32, x: i64, y: i64): i64 {
  switch (op) {
    case BINARY_ADD: return x + y;
    case BINARY_SUB: return x - y;
    case BINARY_MUL: return x * y;
    case BINARY_DIV: return divide(x, y);
    case BINARY_MIN: return min<i64>(x, y);
    case BINARY_MAX: return max<i64>(x, y);
    case BINARY_POW: return power(x, y);
    case BINARY_MOD: {
      const rest = remainder(x, y);
      return rest != 0 && rest < 0 != y < 0 ? rest + y : rest;
    }
    case BINARY_FMOD: return remainder(x, y);
    case BINARY_PRELU: return x < 0 ? x * y : x;
    case BINARY_AND: return x & y;
    case BINARY_OR: return x | y;
    case BINARY_XOR: return x ^ y;
    case BINARY_SQUARED_DIFFERENCE: return (x - y) * (x - y);
    default: return 0;
  }
}

/** Truncated; x / 0 is 0, and the least integer over −1 wraps to itself. */
function divide(x: i64, y: i64): i64 {
  if (y == 0) return 0;
  return y == -1 ? -x : x / y;
}

/** x − y · trunc(x / y); 0 for y = 0. */
function remainder(x: i64, y: i64): i64 {
  return y == 0 ? 0 : x % y;
}

/** Repeated multiplication. A negative exponent gives the truncated reciprocal: 0 unless x is ±1. */
function power(x: i64, y: i64): i64 {
  if (y < 0) {
    if (x == 1) return 1;
    if (x == -1) return (y & 1) == 0 ? 1 : -1;
    return 0;
  }
  let result: i64 = 1;
  let square = x;
  for (let left = y; left != 0; left >>= 1) {
    if ((left & 1) != 0) result *= square;
    square *= square;
  }
  return result;
}
