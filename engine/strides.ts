// Shapes as the strided loops of at most six dimensions that kernels run.
export const KERNEL_DIMENSIONS = 6;
/** Why a shape is refused that has more of them. */
export const TOO_MANY_DIMENSIONS = `more than ${KERNEL_DIMENSIONS} dimensions that cannot be merged`;

/** Elements between neighbours along each axis, row-major. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Strides that let `shape` stand for `output`: right-aligned, 0 where a size of 1 is repeated. Null if it cannot. */
export function broadcastStrides(shape: readonly number[], output: readonly number[]): number[] | null {
  const lead = output.length - shape.length;
  if (lead < 0) return null;
  const strides = stridesOf(shape);
  const result: number[] = [];
  for (const [axis, size] of output.entries()) {
    const own = axis < lead ? 1 : shape[axis - lead]!;
    if (own !== size && own !== 1) return null;
    result.push(own === 1 ? 0 : strides[axis - lead]!);
  }
  return result;
}

export interface Loop {
  readonly sizes: number[];
  /** One list for each operand. */
  readonly strides: number[][];
}

/**
 * The same loop with as few dimensions as it takes: sizes of 1 dropped, neighbours merged where every operand walks
 * through both in one stride. Null if more than six remain.
 */
export function collapseLoop(sizes: readonly number[], strides: readonly (readonly number[])[]): Loop | null {
  const loop: Loop = { sizes: [], strides: strides.map(() => []) };
  for (const [axis, size] of sizes.entries()) {
    if (size === 1) continue;
    const last = loop.sizes.length - 1;
    const merges =
      last >= 0 && strides.every((operand, index) => loop.strides[index]![last] === operand[axis]! * size);
    if (merges) {
      loop.sizes[last]! *= size;
      for (const [index, operand] of strides.entries()) loop.strides[index]![last] = operand[axis]!;
      continue;
    }
    loop.sizes.push(size);
    for (const [index, operand] of strides.entries()) loop.strides[index]!.push(operand[axis]!);
  }
  if (loop.sizes.length > KERNEL_DIMENSIONS) return null;
  return { sizes: padStart(loop.sizes, 1), strides: loop.strides.map((operand) => padStart(operand, 0)) };
}

/** At most six numbers with `fill` in front of them, so that there are `length`. */
export function padStart(list: readonly number[], fill: number, length = KERNEL_DIMENSIONS): number[] {
  return [...Array.from({ length: length - list.length }, () => fill), ...list];
}

/** With `fill` behind them. */
export function padEnd(list: readonly number[], fill: number): number[] {
  return [...list, ...Array.from({ length: KERNEL_DIMENSIONS - list.length }, () => fill)];
}

type Six<P extends string> = Readonly<Record<`${P}${0 | 1 | 2 | 3 | 4 | 5}`, number>>;

/** size0 … size5 and the like. */
export function sixFields<P extends string>(prefix: P, [a, b, c, d, e, f]: readonly number[]): Six<P> {
  return {
    [`${prefix}0`]: a!,
    [`${prefix}1`]: b!,
    [`${prefix}2`]: c!,
    [`${prefix}3`]: d!,
    [`${prefix}4`]: e!,
    [`${prefix}5`]: f!,
  } as Six<P>;
}
