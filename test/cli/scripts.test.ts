// What the scripts of package.json do when they are asked for help, or for what they do not have.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ROOT } from "./program.ts";

const here = await mkdtemp(join(tmpdir(), "quorate-scripts-"));
after(() => rm(here, { recursive: true, force: true }));
const { scripts, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: Record<string, string>;
  readonly version: string;
};

/** As npm runs it: in the project's folder, with the arguments behind. */
function run(script: string, ...args: string[]) {
  const [node, ...program] = scripts[script]!.replace(/^exec /, "").split(" ");
  assert.equal(node, "node");
  return spawnSync(process.execPath, [...program, ...args], {
    cwd: ROOT,
    env: { ...process.env, INIT_CWD: here, NODE_TEST_CONTEXT: undefined },
    encoding: "utf8",
  });
}

for (const script of ["start", "quorate", "verifier", "bench", "test"]) {
  test(`npm run ${script} -- --help prints its usage and does nothing`, () => {
    const { status, stdout, stderr } = run(script, "--help");
    assert.equal(status, 0, stderr);
    assert.match(stdout, /usage: /);
    assert.equal(stderr, "");
    assert.deepEqual(readdirSync(here), []);
  });

  test(`npm run ${script} refuses an option that it does not have, without a stack`, () => {
    const { status, stdout, stderr } = run(script, "--sideways");
    assert.equal(status, 1, stdout);
    assert.match(stderr, /^error: .*sideways/);
    assert.doesNotMatch(stderr, /^ {4}at /m);
    assert.deepEqual(readdirSync(here), []);
  });
}

test("npm run bench refuses a benchmark that it does not have", () => {
  const { status, stderr } = run("bench", "luck");
  assert.equal(status, 1);
  assert.match(stderr, /^error: .*luck/);
});

test("--version prints the version of package.json", () => {
  assert.equal(run("quorate", "--version").stdout, `${version}\n`);
});
