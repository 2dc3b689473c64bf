// The vcompare families: output = 1 where a op b, else 0, as bytes, over six dimensions as in vbinary. NaN is unequal
// to everything and neither below nor above. The specification of the families, and all of them: answers become masks,
// which are small beside what they mask.
import { outerCount, outerOffset } from "../broadcast";
import { COMPARE_EQ, COMPARE_GE, COMPARE_GT, COMPARE_LE, COMPARE_LT, COMPARE_NE } from "../operators";
import { CompareParams } from "./params";

export function f32_vcompare__scalar(p: CompareParams): void {
  compareRows<f32>(p);
}

export function f64_vcompare__scalar(p: CompareParams): void {
  compareRows<f64>(p);
}

export function i32_vcompare__scalar(p: CompareParams): void {
  compareRows<i32>(p);
}

export function i64_vcompare__scalar(p: CompareParams): void {
  compareRows<i64>(p);
}

export function u8_vcompare__scalar(p: CompareParams): void {
  compareRows<u8>(p);
}

function compareRows<T>(p: CompareParams): void {
  const sizes = changetype<usize>(p) + offsetof<CompareParams>("size0");
  const aStrides = changetype<usize>(p) + offsetof<CompareParams>("aStride0");
  const bStrides = changetype<usize>(p) + offsetof<CompareParams>("bStride0");
  const outer = p.size5 == 0 || p.size4 == 0 ? 0 : outerCount(sizes);
  let output = p.output;
  for (let i = 0; i < outer; i++) {
    const a = outerOffset(sizes, aStrides, i);
    const b = outerOffset(sizes, bStrides, i);
    for (let j = 0; j < p.size4; j++) {
      let x = p.a + <usize>(a + j * p.aStride4) * sizeof<T>();
      let y = p.b + <usize>(b + j * p.bStride4) * sizeof<T>();
      for (let k = 0; k < p.size5; k++) {
        store<u8>(output++, compareElements<T>(p.op, load<T>(x), load<T>(y)));
        x += <usize>p.aStride5 * sizeof<T>();
        y += <usize>p.bStride5 * sizeof<T>();
      }
    }
  }
}

/** f64 holds every f32, and i64 every other integer. */
// @ts-ignore: decorator
@inline
function compareElements<T>(op: i32, x: T, y: T): u8 {
  return isFloat<T>() ? compare<f64>(op, <f64>x, <f64>y) : compare<i64>(op, <i64>x, <i64>y);
}

function compare<T>(op: i32, x: T, y: T): u8 {
  switch (op) {
    case COMPARE_EQ: return <u8>(x == y);
    case COMPARE_NE: return <u8>(x != y);
    case COMPARE_LT: return <u8>(x < y);
    case COMPARE_LE: return <u8>(x <= y);
    case COMPARE_GT: return <u8>(x > y);
    case COMPARE_GE: return <u8>(x >= y);
    default: return 0;
  }
}
