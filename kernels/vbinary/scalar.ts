// The vbinary families: output = a op b over six dimensions, a and b by strides in elements (0 repeats), output
// contiguous. arithmetic.ts is what the ops do. The specification of the families.
import { outerCount, outerOffset } from "../broadcast";
import { binary } from "./arithmetic";
import { BinaryParams } from "./params";

export function f32_vbinary__scalar(p: BinaryParams): void {
  binaryRows<f32>(p);
}

export function f64_vbinary__scalar(p: BinaryParams): void {
  binaryRows<f64>(p);
}

export function i32_vbinary__scalar(p: BinaryParams): void {
  binaryRows<i32>(p);
}

export function i64_vbinary__scalar(p: BinaryParams): void {
  binaryRows<i64>(p);
}

export function u8_vbinary__scalar(p: BinaryParams): void {
  binaryRows<u8>(p);
}

function binaryRows<T>(p: BinaryParams): void {
  const sizes = changetype<usize>(p) + offsetof<BinaryParams>("size0");
  const aStrides = changetype<usize>(p) + offsetof<BinaryParams>("aStride0");
  const bStrides = changetype<usize>(p) + offsetof<BinaryParams>("bStride0");
  const outer = p.size5 == 0 || p.size4 == 0 ? 0 : outerCount(sizes);
  let output = p.output;
  for (let i = 0; i < outer; i++) {
    let a = p.a + <usize>outerOffset(sizes, aStrides, i) * sizeof<T>();
    let b = p.b + <usize>outerOffset(sizes, bStrides, i) * sizeof<T>();
    for (let j = 0; j < p.size4; j++) {
      binaryRow<T>(p, a, b, output, p.size5);
      a += <usize>p.aStride4 * sizeof<T>();
      b += <usize>p.bStride4 * sizeof<T>();
      output += <usize>p.size5 * sizeof<T>();
    }
  }
}

/** `count` elements of one row. */
export function binaryRow<T>(p: BinaryParams, a: usize, b: usize, output: usize, count: i32): void {
  const aStep = <usize>p.aStride5 * sizeof<T>();
  const bStep = <usize>p.bStride5 * sizeof<T>();
  for (let i = 0; i < count; i++) {
    store<T>(output, binary<T>(p.op, load<T>(a), load<T>(b)));
    a += aStep;
    b += bStep;
    output += sizeof<T>();
  }
}
