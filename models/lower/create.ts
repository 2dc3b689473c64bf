// Operators that make values out of sizes.
import { createConstant } from "../constant.ts";
import { binary, cast, countSteps, scalar } from "./ops.ts";
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

/** start + delta · (0, 1, 2, …): running sums of ones, which are exact in i32. */
function range(node: Scope): void {
  const [start, limit] = [node.sizes(0)[0]!, node.sizes(1)[0]!];
  const [delta] = node.integers(2);
  const count = countSteps(start, limit, delta!);
  const { context } = node;
  const ones = node.temporary("i32", [count]);
  context.builder.op("fill", node.name, [], [ones], { low: 1, high: 0 });
  const places = node.temporary("i32", [count]);
  context.builder.op("cumsum", node.name, [ones], [places], { axis: 0, exclusive: 1, reverse: 0 });
  const steps = context.placedValue(node.outputName(), "i32", [count], places);
  const { dtype } = node.input(0);
  const first = cast(node, context.knownValue(`${node.outputName()}:start`, "i32", [], [start]), "i32");
  const scaled = delta === 1 ? steps : binary(node, "mul", steps, scalar(node, "i32", delta!));
  node.set(0, cast(node, start === 0 ? scaled : binary(node, "add", scaled, first), dtype));
}

export const CREATE: LowerTable = { ConstantOfShape: constantOfShape, Range: range };
