// The programs of wrangler.toml as they would be deployed: wrangler's dry run, offline.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { VICES } from "../../cli/network/members.ts";
import { buildPrograms, type Program, type ProgramName } from "../../cli/network/program.ts";
import { PUBLISH_INTERVAL_MS as NETWORK_INTERVAL_MS } from "../../cli/network/publication.ts";
import { PROJECT_ROOT } from "../../cli/state.ts";
import { VICES as CAST_VICES } from "../../workers/cast/app.ts";
import { PUBLISH_INTERVAL_MS } from "../../workers/inference/limits.ts";

const MAX_GZIPPED_BYTES = 200_000;

let programs: Map<ProgramName, Program>;
before(async () => {
  programs = await buildPrograms({ root: PROJECT_ROOT, names: ["worker", "region", "cast"], log: () => {} });
});

async function readSource(name: ProgramName): Promise<string> {
  return readFile(programs.get(name)!.modules[0]!.path, "utf8");
}

test("every environment builds, and a worker without weights is at most 200 KB gzipped", async () => {
  for (const [name, { modules }] of programs) {
    const files = await Promise.all(modules.map((module) => readFile(module.path)));
    const bytes = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
    assert.ok(bytes <= MAX_GZIPPED_BYTES, `${name} has ${bytes} bytes`);
  }
});

test("the honest worker contains no vice", async () => {
  const pattern = new RegExp(`VICE|"(${CAST_VICES.join("|")})"`);
  // The bundler notes the name of every function, and hpke has one that is called subtle, for crypto.subtle.
  const source = (await readSource("worker")).replaceAll(/__name\(\w+, "\w+"\);/g, "");
  assert.doesNotMatch(source, pattern);
  assert.match(await readSource("cast"), pattern);
});

test("a region contains no engine and no sealing keys, and a worker no registry", async () => {
  assert.ok(programs.get("region")!.modules.every((module) => module.type !== "CompiledWasm"));
  assert.doesNotMatch(await readSource("region"), /CREATE TABLE IF NOT EXISTS seeds/);
  assert.match(await readSource("worker"), /CREATE TABLE IF NOT EXISTS seeds/);
  assert.doesNotMatch(await readSource("worker"), /CREATE TABLE IF NOT EXISTS records/);
});

test("the network casts the vices that the cast has", () => {
  assert.deepEqual(Object.keys(VICES), CAST_VICES);
});

test("the cron triggers and a local network publish as often as a worker with a timer", async () => {
  assert.equal(NETWORK_INTERVAL_MS, PUBLISH_INTERVAL_MS);
  const settings = await readFile(join(PROJECT_ROOT, "wrangler.toml"), "utf8");
  const crons = [...settings.matchAll(/^triggers = \{ crons = \["(.*)"\] \}$/gm)].map(([, cron]) => cron);
  // The minute of every hour: worker and cast.
  assert.equal(PUBLISH_INTERVAL_MS, 3_600_000);
  assert.equal(crons.length, 2);
  for (const cron of crons) assert.match(cron!, /^[0-5]?\d \* \* \* \*$/);
});
