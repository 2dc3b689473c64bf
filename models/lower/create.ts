// Operators that make values out of sizes.
import { createConstant } from "../constant.ts";
import type { DataType } from "../graph.ts";
import type { Value } from "../value.ts";
import { binary, cast, compare, counting, countSteps, reshape, scalar, select, slice } from "./ops.ts";
import type { LowerTable, Scope } from "./scope.ts";

function constantOfShape(node: Scope): void {
  const shape = node.sizes(0);
  const value = node.has("value") ? node.tensor("value") : createConstant("f32", [1]);
  const { low, high } = firstBits(value.data);
  const output = node.create(0, value.dtype, shape);
  node.context.builder.op("fill", node.name, [], [output], { low, high });
}

/** The low and the high 32 bits of the first element. */
export function firstBits(data: ArrayBufferView): { low: number; high: number } {
  const bits = new DataView(new ArrayBuffer(8));
  new Uint8Array(bits.buffer).set(new Uint8Array(data.buffer, data.byteOffset, Math.min(8, data.byteLength)));
  return { low: bits.getInt32(0, true), high: bits.getInt32(4, true) };
}

/** start + delta · (0, 1, 2, …) */
function range(node: Scope): void {
  const [start, limit] = [node.sizes(0)[0]!, node.sizes(1)[0]!];
  const [delta] = node.integers(2);
  const count = countSteps(start, limit, delta!);
  const { context } = node;
  const steps = counting(node, "i32", count);
  const { dtype } = node.input(0);
  const first = cast(node, context.knownValue(`${node.outputName()}:start`, "i32", [], [start]), "i32");
  const scaled = delta === 1 ? steps : binary(node, "mul", steps, scalar(node, "i32", delta!));
  node.set(0, cast(node, start === 0 ? scaled : binary(node, "add", scaled, first), dtype));
}

/** On where the new axis counts to the index, off elsewhere; negative indices count from the depth. */
function oneHot(node: Scope): void {
  const [indices, values] = [node.input(0), node.input(2)];
  const [depth] = node.sizes(1);
  const rank = indices.shape.length + 1;
  const axis = node.axis(node.number("axis", -1), rank);
  const places = reshape(
    node,
    counting(node, indices.dtype, depth!),
    Array.from({ length: rank }, (_, other) => (other === axis ? depth! : 1)),
  );
  const spread = reshape(node, indices, indices.shape.toSpliced(axis, 0, 1));
  const end = cast(
    node,
    node.context.knownValue(`${node.outputName()}:depth`, "i32", [], [depth!]),
    indices.dtype,
  );
  const counted = [spread, binary(node, "add", spread, end)];
  const [from, behind] = counted.map((each) => compare(node, "eq", each, places)) as [Value, Value];
  const [off, on] = [0, 1].map((start) =>
    reshape(node, slice(node, values, [{ axis: 0, start, step: 1, count: 1 }]), []),
  ) as [Value, Value];
  node.set(0, select(node, binary(node, "or", from, behind), on, off));
}

/** 1 on a diagonal, k right of the main one. */
function eyeLike(node: Scope): void {
  const { dtype, shape } = node.input(0);
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined) node.refuse("want a matrix");
  const places = binary(node, "add", counting(node, "i32", rows), scalar(node, "i32", node.number("k", 0)));
  const diagonal = compare(node, "eq", reshape(node, places, [rows, 1]), counting(node, "i32", columns));
  node.set(0, cast(node, diagonal, node.has("dtype") ? (node.text("dtype") as DataType) : dtype));
}

export const CREATE: LowerTable = {
  OneHot: oneHot,
  EyeLike: eyeLike,
  ConstantOfShape: constantOfShape,
  Range: range,
};
