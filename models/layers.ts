// What the f32 and the int8 writer of a graph have in common.
import { ModelError } from "./errors.ts";
import type { Clip, Constant, Graph, Node, Window } from "./legacy-graph.ts";

type Pair = readonly [number, number];

/** Weights and bias of a node. Throws ModelError op_unsupported where they are computed. */
export function constantOf(graph: Graph, node: Node, index: number): Constant {
  const found = graph.constants.get(node.inputs[index] ?? "");
  if (found === undefined)
    throw new ModelError("op_unsupported", `${node.op} (node ${node.name}): computed weights`);
  return found;
}

/** The window of a manifest's operation; what pads the end follows from the output's size. */
export function geometry(window: Window, kernel: Pair): { kernel: Pair; strides: Pair; pads: Pair } {
  return { kernel, strides: window.strides, pads: [window.pads[0], window.pads[1]] };
}

/** A 1 × 1 window that visits every position is a matrix product over the positions. */
export function isPointwise(window: Window, kernel: Pair): boolean {
  return [...kernel, ...window.strides].every((size) => size === 1) && window.pads.every((pad) => pad === 0);
}

/** The largest finite f32: a clamp at it changes no finite value, and a manifest holds only finite numbers. */
const F32_MAX = 3.4028234663852886e38;

export function realBounds({ min, max }: Clip): { min: number; max: number } {
  return { min: Math.max(min, -F32_MAX), max: Math.min(max, F32_MAX) };
}

/** (rows, columns) → (columns, rows) */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = data[row * columns + column]!;
  }
  return result;
}
