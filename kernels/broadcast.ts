// Tensors of six dimensions, outermost first, of which an operand may lack some: its stride there is 0. Six 32-bit
// sizes, and six strides an operand, lie in the parameter block one behind the other. The loops over the last two
// dimensions belong to the family; this is the place where each of their rounds starts.

/** Product of the first four sizes: how often the last two dimensions are gone through. */
export function outerCount(sizes: usize): i32 {
  return load<i32>(sizes, 0) * load<i32>(sizes, 4) * load<i32>(sizes, 8) * load<i32>(sizes, 12);
}

/** Elements from the start of an operand to round `outer`, whose first four indices it unfolds. */
export function outerOffset(sizes: usize, strides: usize, outer: i32): i32 {
  let rest = outer;
  let offset = 0;
  for (let dimension: isize = 12; dimension >= 0; dimension -= 4) {
    const size = load<i32>(sizes + dimension);
    offset += (rest % size) * load<i32>(strides + dimension);
    rest /= size;
  }
  return offset;
}

/** outerOffset() of dimension `axis` alone; 0 for the last two. */
export function axisOffset(sizes: usize, strides: usize, outer: i32, axis: i32): i32 {
  if (axis > 3) return 0;
  let inner = 1;
  for (let d = axis + 1; d < 4; d++) inner *= load<i32>(sizes + (<usize>d << 2));
  const field = <usize>axis << 2;
  return ((outer / inner) % load<i32>(sizes + field)) * load<i32>(strides + field);
}
