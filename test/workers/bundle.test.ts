// The programs of wrangler.toml as they would be deployed: wrangler's dry run, offline.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Bundle, buildBundles, type Program } from "../../cli/network/bundle.ts";
import { VICES } from "../../cli/network/members.ts";
import { PROJECT_ROOT } from "../../cli/state.ts";
import { VICES as CAST_VICES } from "../../workers/cast/app.ts";

const MAX_GZIPPED_BYTES = 200_000;

let bundles: Map<Program, Bundle>;
before(async () => {
  bundles = await buildBundles({ root: PROJECT_ROOT, programs: ["worker", "region", "cast"], log: () => {} });
});

async function readSource(program: Program): Promise<string> {
  return readFile(bundles.get(program)!.modules[0]!.path, "utf8");
}

test("every environment bundles, and a worker without weights is at most 200 KB gzipped", async () => {
  for (const [program, { modules }] of bundles) {
    const files = await Promise.all(modules.map((module) => readFile(module.path)));
    const bytes = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
    assert.ok(bytes <= MAX_GZIPPED_BYTES, `${program} has ${bytes} bytes`);
  }
});

test("the honest worker contains no vice", async () => {
  const pattern = new RegExp(`VICE|"(${VICES.join("|")})"`);
  assert.doesNotMatch(await readSource("worker"), pattern);
  assert.match(await readSource("cast"), pattern);
});

test("a region contains no engine, and a worker no registry", async () => {
  assert.ok(bundles.get("region")!.modules.every((module) => module.type !== "CompiledWasm"));
  assert.doesNotMatch(await readSource("worker"), /DurableObject/);
});

test("the network casts the vices that the cast has", () => {
  assert.deepEqual(VICES, CAST_VICES);
});
