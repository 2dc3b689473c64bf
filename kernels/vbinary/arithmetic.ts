// One element of the vbinary families: what each op does to two values of a type. Nothing traps, and any NaN is the
// canonical one.
import { powDouble } from "../log";
import { canonical } from "../nan";
import {
  BINARY_ADD, BINARY_AND, BINARY_DIV, BINARY_FMOD, BINARY_MAX, BINARY_MIN, BINARY_MOD, BINARY_MUL, BINARY_OR,
  BINARY_POW, BINARY_PRELU, BINARY_SQUARED_DIFFERENCE, BINARY_SUB, BINARY_XOR,
} from "../operators";

export function binary<T>(op: i32, x: T, y: T): T {
  if (isFloat<T>()) return canonical<T>(binaryFloat<T>(op, x, y));
  return binaryInteger<T>(op, x, y);
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

function binaryInteger<T>(op: i32, x: T, y: T): T {
  switch (op) {
    case BINARY_ADD: return <T>(x + y);
    case BINARY_SUB: return <T>(x - y);
    case BINARY_MUL: return <T>(x * y);
    case BINARY_DIV: return divide<T>(x, y);
    case BINARY_MIN: return x < y ? x : y;
    case BINARY_MAX: return x < y ? y : x;
    case BINARY_POW: return power<T>(x, y);
    case BINARY_MOD: {
      const rest = remainder<T>(x, y);
      return rest != <T>0 && rest < <T>0 != y < <T>0 ? <T>(rest + y) : rest;
    }
    case BINARY_FMOD: return remainder<T>(x, y);
    case BINARY_PRELU: return x < <T>0 ? <T>(x * y) : x;
    case BINARY_AND: return <T>(x & y);
    case BINARY_OR: return <T>(x | y);
    case BINARY_XOR: return <T>(x ^ y);
    case BINARY_SQUARED_DIFFERENCE: return <T>((x - y) * (x - y));
    default: return <T>0;
  }
}

/** Truncated; x / 0 is 0, and the least integer over −1 wraps to itself. */
function divide<T>(x: T, y: T): T {
  if (y == <T>0) return <T>0;
  if (isSigned<T>() && y == <T>-1) return <T>(<T>0 - x);
  return <T>(x / y);
}

/** x − y · trunc(x / y); 0 for y = 0. */
function remainder<T>(x: T, y: T): T {
  return y == <T>0 ? <T>0 : <T>(x % y);
}

/** Repeated multiplication, wrapping. A negative exponent gives the truncated reciprocal: 0 unless x is ±1. */
function power<T>(x: T, y: T): T {
  if (isSigned<T>() && y < <T>0) {
    if (x == <T>1) return x;
    if (x == <T>-1) return (y & <T>1) == <T>0 ? <T>1 : x;
    return <T>0;
  }
  let result = <T>1;
  let square = x;
  for (let left = y; left != <T>0; left = <T>(left >> <T>1)) {
    if ((left & <T>1) != <T>0) result = <T>(result * square);
    square = <T>(square * square);
  }
  return result;
}
