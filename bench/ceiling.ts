// AssemblyScript: the machine's int8 SIMD ceiling, compiled by the benchmark that reports shares of it.
// Eight independent i32x4.dot_i16x8_s accumulators, one operand in a register, the other from the first-level cache.

/** `turns` turns of 64 multiply-adds over 144 bytes at `data`. The sum is stored, so that nothing can be dropped. */
export function ceiling(data: usize, turns: i32): void {
  const a = v128.load(data, 128);
  let c0 = i32x4.splat(0),
    c1 = c0,
    c2 = c0,
    c3 = c0,
    c4 = c0,
    c5 = c0,
    c6 = c0,
    c7 = c0;
  for (let turn = 0; turn < turns; turn++) {
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(a, v128.load(data, 0)));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(a, v128.load(data, 16)));
    c2 = i32x4.add(c2, i32x4.dot_i16x8_s(a, v128.load(data, 32)));
    c3 = i32x4.add(c3, i32x4.dot_i16x8_s(a, v128.load(data, 48)));
    c4 = i32x4.add(c4, i32x4.dot_i16x8_s(a, v128.load(data, 64)));
    c5 = i32x4.add(c5, i32x4.dot_i16x8_s(a, v128.load(data, 80)));
    c6 = i32x4.add(c6, i32x4.dot_i16x8_s(a, v128.load(data, 96)));
    c7 = i32x4.add(c7, i32x4.dot_i16x8_s(a, v128.load(data, 112)));
  }
  const sum0 = i32x4.add(i32x4.add(c0, c1), i32x4.add(c2, c3));
  const sum1 = i32x4.add(i32x4.add(c4, c5), i32x4.add(c6, c7));
  v128.store(data, i32x4.add(sum0, sum1), 144);
}
