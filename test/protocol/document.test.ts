// docs/protocol.md must say what is built: its example is made again, its tables are read.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { ProblemCode } from "../../protocol/errors.ts";
import * as limits from "../../protocol/limits.ts";
import { POLICIES } from "../../protocol/policy.ts";
import { problemStatus } from "../../protocol/problem.ts";
import { createExample, wrapHex } from "./example.ts";

const document = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

test("the worked example is what the code makes, byte for byte", async () => {
  const shown = new Map(
    [...document.matchAll(/```hex ([a-z0-9-]+)\n([0-9a-f\n]*)\n```/g)].map((m) => [m[1]!, m[2]!]),
  );
  const made = await createExample();
  assert.deepEqual([...shown.keys()], [...made.keys()]);
  for (const [name, hex] of made) assert.equal(shown.get(name), wrapHex(hex), name);
});

test("the table of limits names every limit with its value", () => {
  const shown = new Map(
    [...document.matchAll(/^\| `([A-Z0-9_]+)` \| ([0-9,]+) \|/gm)].map((m) => [
      m[1]!,
      Number(m[2]!.replaceAll(",", "")),
    ]),
  );
  assert.deepEqual(Object.fromEntries(shown), { ...limits });
});

test("the table of policies is the policies", () => {
  const rows = [
    ...document.matchAll(/^\| `(fast|standard|strict)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|/gm),
  ];
  const shown = rows.map(([, name, ...numbers]) => [name, ...numbers.map(Number)]);
  const made = Object.values(POLICIES).map((policy) => [
    policy.name,
    policy.groups,
    policy.minProviders,
    policy.accept,
    policy.acceptProviders,
    policy.auditPermille,
  ]);
  assert.deepEqual(shown, made);
});

test("every code in the table of problems has the status that is sent", () => {
  const rows = [...document.matchAll(/^\| (\d{3}) \| (`[a-z_`, ]+`) \|$/gm)];
  let count = 0;
  for (const [, status, codes] of rows)
    for (const code of codes!.matchAll(/`([a-z_]+)`/g)) {
      assert.equal(problemStatus(code[1] as ProblemCode), Number(status), code[1]);
      count++;
    }
  const source = readFileSync(new URL("../../protocol/problem.ts", import.meta.url), "utf8");
  assert.equal(
    count,
    [...source.matchAll(/^\s+case "/gm)].length,
    "codes in the document, codes in the code",
  );
});

test("every section that the sources cite exists", () => {
  for (const [, section] of readSources().matchAll(/docs\/protocol\.md §(\d+)/g))
    assert.match(document, new RegExp(`^## ${section}\\. `, "m"), `§${section}`);
});

function readSources(): string {
  const files = [
    "bundle",
    "cbor",
    "certificate",
    "cose",
    "delegation",
    "digest",
    "ed25519",
    "evidence",
    "policy",
    "problem",
  ];
  const more = ["receipt", "record", "record-list", "reply", "request", "statement", "tensor"];
  return [...files, ...more]
    .map((name) => readFileSync(new URL(`../../protocol/${name}.ts`, import.meta.url), "utf8"))
    .join("\n");
}
