// Operators that read or write where indices say.
import { SCATTER } from "../../wasm/operators.ts";
import { product, type Size } from "../dimension.ts";
import type { Value } from "../value.ts";
import { gather } from "./ops.ts";
import type { LowerTable, Scope } from "./scope.ts";

function gatherOperator(node: Scope): void {
  const value = node.input(0);
  const axis = node.axis(node.number("axis", 0), value.shape.length);
  node.set(0, gather(node, value, node.input(1), axis));
}

function isIndex(node: Scope, value: Value): void {
  if (value.dtype !== "i32" && value.dtype !== "i64") node.refuse(`indices of ${value.dtype}`);
}

function gatherElements(node: Scope): void {
  const [value, indices] = [node.input(0), node.input(1)];
  isIndex(node, indices);
  const axis = node.axis(node.number("axis", 0), value.shape.length);
  const { context } = node;
  const inputs = [context.contiguous(value), context.contiguous(indices)];
  const output = node.create(0, value.dtype, indices.shape);
  context.builder.op("gather_elements", node.name, inputs, [output], { axis });
}

function gatherNd(node: Scope): void {
  const [value, indices] = [node.input(0), node.input(1)];
  isIndex(node, indices);
  const batch = node.number("batch_dims", 0);
  const depth = indices.shape.at(-1);
  if (typeof depth !== "number") node.refuse("a number of indices that depends on the request");
  const shape: Size[] = [...indices.shape.slice(0, -1), ...value.shape.slice(batch + depth)];
  const { context } = node;
  const inputs = [context.contiguous(value), context.contiguous(indices)];
  const output = node.create(0, value.dtype, shape);
  context.builder.op("gather_nd", node.name, inputs, [output], { batch });
}

const reductionOf = (node: Scope): number => node.code("reduction", "none", SCATTER);

function scatterNd(node: Scope): void {
  const [value, indices, updates] = [node.input(0), node.input(1), node.input(2)];
  isIndex(node, indices);
  const { context } = node;
  const inputs = [value, indices, updates].map((each) => context.contiguous(each));
  const output = node.create(0, value.dtype, value.shape);
  context.builder.op("scatter_nd", node.name, inputs, [output], { reduction: reductionOf(node) });
}

function scatterElements(node: Scope): void {
  const [value, indices, updates] = [node.input(0), node.input(1), node.input(2)];
  isIndex(node, indices);
  if (product(indices.shape) === 0) {
    node.set(0, value);
    return;
  }
  const axis = node.axis(node.number("axis", 0), value.shape.length);
  const { context } = node;
  const inputs = [value, indices, updates].map((each) => context.contiguous(each));
  const output = node.create(0, value.dtype, value.shape);
  context.builder.op("scatter_elements", node.name, inputs, [output], { axis, reduction: reductionOf(node) });
}

export const GATHER: LowerTable = {
  Gather: gatherOperator,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterND: scatterNd,
  ScatterElements: scatterElements,
};
