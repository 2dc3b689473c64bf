// Constants with their axes in another order. Elements are moved, never computed with.
import type { Constant } from "../../graph.ts";

/** Axis i of the result is axis order[i] of the constant. */
export function transposeConstant(constant: Constant, order: readonly number[]): Constant {
  const { shape, data } = constant;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const target = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const moved = data.slice();
  const index = order.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    moved[to] = data[from]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < target[axis]!) break;
      from -= steps[axis]! * target[axis]!;
      index[axis] = 0;
    }
  }
  return { ...constant, shape: target, data: moved } as Constant;
}
