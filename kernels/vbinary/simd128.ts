// f32_vbinary in SIMD: 4 elements a turn where the last dimension of both operands is contiguous or repeated. Such a
// row has a loop for each hot op, in which `op` is a constant; other rows and ops, and the last size5 mod 4 elements,
// take the scalar code. The integer families and f64_vbinary have no vectors: they compute shapes, not activations.
import { outerCount, outerOffset } from "../broadcast";
import { canonicalFloats } from "../nan";
import {
  BINARY_ADD, BINARY_DIV, BINARY_MAX, BINARY_MIN, BINARY_MUL, BINARY_PRELU, BINARY_SQUARED_DIFFERENCE, BINARY_SUB,
} from "../operators";
import { BinaryParams } from "./params";
import { binaryRow } from "./scalar";

export function f32_vbinary__simd128(p: BinaryParams): void {
  const sizes = changetype<usize>(p) + offsetof<BinaryParams>("size0");
  const aStrides = changetype<usize>(p) + offsetof<BinaryParams>("aStride0");
  const bStrides = changetype<usize>(p) + offsetof<BinaryParams>("bStride0");
  const outer = p.size5 == 0 || p.size4 == 0 ? 0 : outerCount(sizes);
  let output = p.output;
  for (let i = 0; i < outer; i++) {
    let a = p.a + (<usize>outerOffset(sizes, aStrides, i) << 2);
    let b = p.b + (<usize>outerOffset(sizes, bStrides, i) << 2);
    for (let j = 0; j < p.size4; j++) {
      row(p, a, b, output);
      a += <usize>p.aStride4 << 2;
      b += <usize>p.bStride4 << 2;
      output += <usize>p.size5 << 2;
    }
  }
}

function row(p: BinaryParams, a: usize, b: usize, output: usize): void {
  switch (p.op) {
    case BINARY_ADD: rowOf(BINARY_ADD, p, a, b, output); break;
    case BINARY_SUB: rowOf(BINARY_SUB, p, a, b, output); break;
    case BINARY_MUL: rowOf(BINARY_MUL, p, a, b, output); break;
    case BINARY_DIV: rowOf(BINARY_DIV, p, a, b, output); break;
    case BINARY_MIN: rowOf(BINARY_MIN, p, a, b, output); break;
    case BINARY_MAX: rowOf(BINARY_MAX, p, a, b, output); break;
    case BINARY_PRELU: rowOf(BINARY_PRELU, p, a, b, output); break;
    case BINARY_SQUARED_DIFFERENCE: rowOf(BINARY_SQUARED_DIFFERENCE, p, a, b, output); break;
    default: binaryRow<f32>(p, a, b, output, p.size5);
  }
}

// @ts-ignore: decorator
@inline
function rowOf(op: i32, p: BinaryParams, a: usize, b: usize, output: usize): void {
  const aStep = p.aStride5;
  const bStep = p.bStride5;
  // Strides of 0 and 1, not both 0; an empty row must not be read for its repeated element.
  const vectors = p.size5 > 0 && (aStep | bStep) == 1;
  const whole = vectors ? p.size5 & ~3 : 0;
  const done = <usize>whole << 2;
  if (vectors) {
    if (bStep == 0) {
      const y = v128.load32_splat(b);
      for (let at: usize = 0; at < done; at += 16) v128.store(output + at, lanes(op, v128.load(a + at), y));
    } else if (aStep == 0) {
      const x = v128.load32_splat(a);
      for (let at: usize = 0; at < done; at += 16) v128.store(output + at, lanes(op, x, v128.load(b + at)));
    } else {
      for (let at: usize = 0; at < done; at += 16) {
        v128.store(output + at, lanes(op, v128.load(a + at), v128.load(b + at)));
      }
    }
  }
  binaryRow<f32>(p, a + done * <usize>aStep, b + done * <usize>bStep, output + done, p.size5 - whole);
}

// @ts-ignore: decorator
@inline
function lanes(op: i32, x: v128, y: v128): v128 {
  return canonicalFloats(result(op, x, y));
}

// @ts-ignore: decorator
@inline
function result(op: i32, x: v128, y: v128): v128 {
  if (op == BINARY_ADD) return f32x4.add(x, y);
  if (op == BINARY_SUB) return f32x4.sub(x, y);
  if (op == BINARY_MUL) return f32x4.mul(x, y);
  if (op == BINARY_DIV) return f32x4.div(x, y);
  if (op == BINARY_MIN) return f32x4.min(x, y);
  if (op == BINARY_MAX) return f32x4.max(x, y);
  if (op == BINARY_PRELU) return v128.bitselect(f32x4.mul(x, y), x, f32x4.lt(x, f32x4.splat(0)));
  const difference = f32x4.sub(x, y);
  return f32x4.mul(difference, difference);
}
