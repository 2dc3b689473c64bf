// If and Loop whose conditions are known while compiling: the branch that is taken, the body as often as it runs.
import { integersOf } from "../constant.ts";
import type { Graph } from "../graph.ts";
import type { Value } from "../value.ts";
import { concat, reshape } from "./ops.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** Lowers the nodes of a graph inside another one. */
export type LowerBody = (graph: Graph) => void;

/** A body is lowered again for each turn; this bounds what a few bytes can ask for. */
const MAX_TURNS = 1024;

export function createControl(lowerBody: LowerBody): LowerTable {
  const branch = (node: Scope): void => {
    const condition = node.constant(0).data[0];
    const graph = node.graph(condition ? "then_branch" : "else_branch");
    lowerBody(graph);
    for (const [index, output] of graph.outputs.entries()) node.set(index, node.context.value(output));
  };

  const loop = (node: Scope): void => {
    const body = node.graph("body");
    const limit = node.optional(0) === null ? null : (integersOf(node.constant(0))?.[0] ?? 0);
    let running = node.optional(1) === null || Boolean(node.constant(1).data[0]);
    const carriedCount = node.inputCount - 2;
    let carried = Array.from({ length: carriedCount }, (_, index) => node.input(index + 2));
    const collected: Value[][] = body.outputs.slice(1 + carriedCount).map(() => []);
    const [counter, condition, ...names] = body.inputs.map(({ name }) => name);
    if (names.length !== carriedCount) node.refuse(`a body of ${names.length} values for ${carriedCount}`);
    for (let turn = 0; running && (limit === null || turn < limit); turn++) {
      if (turn === MAX_TURNS) node.refuse(`more than ${MAX_TURNS} turns`);
      if (counter !== undefined) node.context.name(counter, integer(node, counter, turn));
      if (condition !== undefined) node.context.name(condition, truth(node, condition));
      for (const [index, name] of names.entries()) node.context.name(name, carried[index]!);
      lowerBody(body);
      const [next, ...results] = body.outputs.map((output) => node.context.value(output));
      const known = next?.constant?.data[0];
      if (known === undefined) node.refuse("a condition that is computed");
      running = Boolean(known);
      carried = results.slice(0, carriedCount);
      for (const [index, list] of collected.entries()) list.push(results[carriedCount + index]!);
    }
    for (const [index, value] of carried.entries()) node.set(index, value);
    for (const [index, list] of collected.entries()) {
      if (list.length === 0) node.refuse("no turn at all, and outputs of each");
      const rows = list.map((value) => reshape(node, value, [1, ...value.shape]));
      node.set(carriedCount + index, rows.length === 1 ? rows[0]! : concat(node, rows, 0));
    }
  };

  return { If: branch, Loop: loop };
}

function integer(node: Scope, name: string, value: number): Value {
  return node.context.constantValue(name, { dtype: "i64", shape: [], data: BigInt64Array.of(BigInt(value)) });
}

function truth(node: Scope, name: string): Value {
  return node.context.constantValue(name, { dtype: "bool", shape: [], data: Uint8Array.of(1) });
}
