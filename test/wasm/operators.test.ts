import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as OPERATORS from "../../wasm/operators.ts";

test("the codes of wasm/operators.ts are those of kernels/operators.ts", async () => {
  const source = await readFile(new URL("../../kernels/operators.ts", import.meta.url), "utf8");
  const declared = [...source.matchAll(/^export const (\w+): i32 = (\d+);$/gm)].map(([, name, code]) => [
    name,
    Number(code),
  ]);
  // No kernel reads the format of the operation gemm: it chooses the kernel.
  const { GEMM_FORMAT: _none, ...lists } = OPERATORS;
  const listed = Object.entries(lists).flatMap(([list, names]) =>
    names.map((name, code) => [`${list}_${name.toUpperCase()}`, code]),
  );
  const byName = ([a]: unknown[], [b]: unknown[]): number => (String(a) < String(b) ? -1 : 1);
  assert.deepEqual(declared.sort(byName), listed.sort(byName));
});
