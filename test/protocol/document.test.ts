// docs/protocol.md must say what is built: its example is made again, its tables are read.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as limits from "../../protocol/limits.ts";
import { POLICIES } from "../../protocol/policy.ts";
import { PROBLEM_STATUS } from "../../protocol/problem.ts";
import { createExample, wrapHex } from "./example.ts";

const root = new URL("../../", import.meta.url);
const document = readFileSync(new URL("docs/protocol.md", root), "utf8");

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
    ...document.matchAll(/^\| `(fast|standard|strict)` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|/gm),
  ];
  const shown = rows.map(([, name, ...numbers]) => [name, ...numbers.map(Number)]);
  const made = Object.values(POLICIES).map((policy) => [
    policy.reference,
    policy.ask,
    policy.accept,
    policy.providers,
    policy.auditPermille,
  ]);
  assert.deepEqual(shown, made);
});

test("the table of problems has every code of the wire under the status that is sent", () => {
  const rows = [...document.matchAll(/^\| (\d{3}) \| (`[a-z_`, ]+`) \|$/gm)];
  const shown = rows.flatMap(([, status, codes]) =>
    [...codes!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => [code!, Number(status)] as const),
  );
  assert.equal(new Set(shown.map(([code]) => code)).size, shown.length, "a code stands in two rows");
  assert.deepEqual(Object.fromEntries(shown), PROBLEM_STATUS);
});

test("every code of the errors is in the document, and the client's own are listed apart", () => {
  const [, list] = document.match(/^Codes that only a client has: (.*)\.$/m) ?? assert.fail("no list");
  const shown = [...list!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code!);
  const source = readFileSync(new URL("protocol/errors.ts", root), "utf8");
  const codes = [...source.matchAll(/^(?:\s+\||export type \w+Code =) "([a-z_]+)"/gm)].map(
    ([, code]) => code!,
  );
  assert.deepEqual(shown.toSorted(), codes.filter((code) => !Object.hasOwn(PROBLEM_STATUS, code)).toSorted());
});

test("the reasons that a refusal may have are the codes of an inference", () => {
  const [, list] =
    document.match(/^`code` is why the request was not run: (.*?);/m) ?? assert.fail("no list");
  const shown = [...list!.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code!);
  const source = readFileSync(new URL("protocol/refusal.ts", root), "utf8");
  const [, codes] = source.match(/REFUSAL_CODES[^{]*\{([^}]*)\}/) ?? assert.fail("no codes");
  const made = [...codes!.matchAll(/([a-z_]+): true/g)].map(([, code]) => code!);
  assert.deepEqual(shown.toSorted(), made.toSorted());
});

test("every section that the sources cite exists", () => {
  const citations = readSources().flatMap(([path, source]) =>
    [...source.matchAll(/docs\/protocol\.md §(\d+)/g)].map(([, section]) => [path, section!] as const),
  );
  assert.ok(citations.length > 20, "the sources were not found");
  for (const [path, section] of citations)
    assert.match(document, new RegExp(`^## ${section}\\. `, "m"), `${path} cites §${section}`);
});

/** Every source of the project, by path. */
function readSources(): [string, string][] {
  const exclude = ["node_modules/**", ".*/**"];
  return globSync("**/*.ts", { cwd: fileURLToPath(root), exclude }).map((path) => [
    path,
    readFileSync(new URL(path, root), "utf8"),
  ]);
}
