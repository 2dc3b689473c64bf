// Indices that come from a request: whatever they are, they stay inside the axis.

/**
 * Entry i of a list of i32 (4 bytes) or i64 (8 bytes) indices into an axis of `size` (at least 1). A negative one counts
 * from the end; what is still outside is moved to the nearest end.
 */
export function indexAt(indices: usize, i: i32, indexBytes: i32, size: i32): i32 {
  const given: i64 = indexBytes == 8 ? load<i64>(indices + (<usize>i << 3)) : <i64>load<i32>(indices + (<usize>i << 2));
  const index = given < 0 ? given + size : given;
  return <i32>max<i64>(0, min<i64>(index, <i64>size - 1));
}

/**
 * Bytes to the block that tuple `i` of `depth` indices names. `sizes` and `strides` (in bytes) point at a 32-bit field
 * for each of its indices.
 */
export function tupleOffset(
  indices: usize, i: i32, indexBytes: i32, depth: i32, sizes: usize, strides: usize,
): usize {
  let offset = 0;
  for (let d = 0; d < depth; d++) {
    const field = <usize>d << 2;
    offset += indexAt(indices, i * depth + d, indexBytes, load<i32>(sizes + field)) * load<i32>(strides + field);
  }
  return offset;
}
