// Short copies and fills, eight bytes at a time. memory.copy and memory.fill leave WebAssembly for a call into
// the engine, which costs more than the few dozen bytes moved here. Inlined: as calls they took a sixth of the
// first layer of MobileNetV2.

/** Copies `count` bytes; source and target must not overlap. Touches nothing outside. */
// @ts-ignore: decorator
@inline
export function copyBytes(target: usize, source: usize, count: usize): void {
  if (count < 8) {
    for (let i: usize = 0; i < count; i++) store<u8>(target + i, load<u8>(source + i));
    return;
  }
  const last = count - 8;
  for (let i: usize = 0; i < last; i += 8) store<u64>(target + i, load<u64>(source + i));
  store<u64>(target + last, load<u64>(source + last));
}

/** Sets `count` bytes to `value`. Touches nothing outside. */
// @ts-ignore: decorator
@inline
export function fillBytes(target: usize, value: i32, count: usize): void {
  if (count < 8) {
    for (let i: usize = 0; i < count; i++) store<i8>(target + i, value);
    return;
  }
  const word = <u64>(value & 255) * 0x0101010101010101;
  const last = count - 8;
  for (let i: usize = 0; i < last; i += 8) store<u64>(target + i, word);
  store<u64>(target + last, word);
}

/** From here on memory.copy is faster than the loop of vectors, its call included: 20 against 26 ns for 768 bytes. */
const MEMORY_COPY_BYTES: usize = 768;

/** copyBytes() for any number of bytes. */
export function copyBlock(target: usize, source: usize, count: usize): void {
  if (count < 16) return copyBytes(target, source, count);
  if (count >= MEMORY_COPY_BYTES) return memory.copy(target, source, count);
  const last = count - 16;
  for (let i: usize = 0; i < last; i += 16) v128.store(target + i, v128.load(source + i));
  v128.store(target + last, v128.load(source + last));
}
