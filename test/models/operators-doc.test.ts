import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Graph } from "../../models/graph.ts";
import { lowerGraph, operatorNames } from "../../models/lower/lower.ts";

const text = await readFile(new URL("../../docs/models.md", import.meta.url), "utf8");

/** The operators of the table in the section, those of com.microsoft with their domain. */
function documented(): string[] {
  const section = /^## Operators\n([\s\S]*?)^## /m.exec(text)?.[1] ?? "";
  const rows = [...section.matchAll(/^\| (.+?) \| (.+?) \| .+ \|$/gm)].slice(2);
  return rows.flatMap(([, family = "", names = ""]) => {
    const prefix = family.endsWith("(com.microsoft)") ? "com.microsoft." : "";
    return names.split(", ").map((name) => prefix + name);
  });
}

test("the table of operators names each that compiles, once, and no other", () => {
  assert.deepEqual(documented().sort(), operatorNames());
});

test("an operator that the table does not name is refused, and the error says where the table is", () => {
  const node = { name: "n", domain: "", op: "NonZero", inputs: ["x"], outputs: ["y"], attributes: new Map() };
  const graph: Graph = {
    inputs: [{ name: "x", dtype: "f32", shape: [2] }],
    outputs: ["y"],
    nodes: [node],
    constants: new Map(),
  };
  assert.throws(() => lowerGraph(graph, { dimensions: {}, bytes: {}, evaluate: () => null }), {
    code: "op_unsupported",
    message: `NonZero (node n) of f32 [2]: it is none of the ${operatorNames().length} operators in docs/models.md`,
  });
});

test("the example of an operator is the operator's own text", async () => {
  const [, example] = /```ts\n(function [^`]*(?:`[^`]+`[^`]*)*?)```/.exec(text)!;
  const source = await readFile(new URL("../../models/lower/elementwise.ts", import.meta.url), "utf8");
  assert.ok(source.includes(example!));
});
