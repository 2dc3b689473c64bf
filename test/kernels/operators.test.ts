import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { ACTIVATION, BINARY, CAST, COMPARE, REDUCE, UNARY } from "../../wasm/operators.ts";

test("the codes of wasm/operators.ts are those of kernels/operators.ts", async () => {
  const source = await readFile(new URL("../../kernels/operators.ts", import.meta.url), "utf8");
  const declared = [...source.matchAll(/^export const (\w+): i32 = (\d+);$/gm)].map(([, name, code]) => [
    name,
    Number(code),
  ]);
  const listed = Object.entries({ UNARY, BINARY, COMPARE, REDUCE, ACTIVATION, CAST }).flatMap(
    ([list, names]) => names.map((name, code) => [`${list}_${name.toUpperCase()}`, code]),
  );
  assert.deepEqual(declared, listed);
});
