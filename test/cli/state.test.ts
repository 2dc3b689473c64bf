// The state folder is chosen by the environment before anything is imported, so each case is a process.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { ROOT } from "./program.ts";

const PRINT = 'import("./cli/state.ts").then(({ commandLine }) => console.log(commandLine("infer")))';

for (const [state, prefix] of [
  [undefined, ""],
  ["/tmp/second", "QUORATE_STATE=/tmp/second "],
  ["/tmp/Ann's second", "QUORATE_STATE='/tmp/Ann'\\''s second' "],
] as const)
  test(`a command to copy with the state folder ${state} begins with ${prefix || "npm"}`, () => {
    const { stdout } = spawnSync(process.execPath, ["-e", PRINT], {
      cwd: ROOT,
      env: { ...process.env, QUORATE_STATE: state },
      encoding: "utf8",
    });
    assert.equal(stdout, `${prefix}npm run -s quorate -- infer\n`);
  });
