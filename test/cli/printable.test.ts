// Names of files, which others choose, as people are told of them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { escapeUnprintable } from "../../cli/printable.ts";
import { createConflict, HONEST, lieAt } from "../protocol/conflicts.ts";
import { SAMPLE_POLICY } from "../protocol/policies.ts";
import { createProgram, lastLine, ROOT } from "./program.ts";

const program = await createProgram();
after(() => program.remove());

const HOSTILE = "a\x1b[2K\r✔ judged by b.example\n\u0085\u2028\u2029\u202egnp";
const SHOWN = "a\\u{1b}[2K\\u{d}✔ judged by b.example\\u{a}\\u{85}\\u{2028}\\u{2029}\\u{202e}gnp";

async function write(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(program.state, name);
  await writeFile(path, content);
  return path;
}

const evidence = await write(`${HOSTILE}.evidence`, await createConflict(HONEST, lieAt(1)));
const broken = await write(`${HOSTILE}.qc`, "noise");

test("shows a name as it is where all of it is printed, and the rest as code points", () => {
  assert.equal(escapeUnprintable("Boote am Kai, 長崎 🚤.qc"), "Boote am Kai, 長崎 🚤.qc");
  assert.equal(escapeUnprintable(HOSTILE), SHOWN);
  assert.equal(escapeUnprintable(SHOWN), SHOWN);
});

test("a name of several lines is on one, in results and in errors", async () => {
  const shown = await program.run("verify", evidence, evidence);
  assert.ok(shown.stdout.includes(`${SHOWN}.evidence:\n`), shown.stdout);
  const judged = await program.run("judge", broken);
  const closed = await program.run("judge", evidence, "--close", join(program.state, `${HOSTILE}.closed`));
  assert.ok(closed.stdout.includes(`${SHOWN}.closed\n`), closed.stdout);
  const refused = await program.run("verify", broken);
  const absent = await program.run("verify", "a.qc", "--policy-file", join(program.state, HOSTILE));
  const address = await program.run("verify", `https://${HOSTILE}`);
  for (const { stderr } of [judged, refused, absent, address]) {
    assert.ok(stderr.includes(SHOWN), stderr);
    assert.equal(stderr.indexOf("\n"), stderr.length - 1, stderr);
  }
  for (const { stdout, stderr } of [shown, closed, judged, refused, absent, address])
    assert.doesNotMatch((stdout + stderr).replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

test("--json has the name that the file has", async () => {
  const { files } = lastLine(await program.run("verify", evidence, evidence, "--json"));
  assert.equal((files as { path: string }[])[0]!.path, evidence);
  const { error } = lastLine(await program.run("verify", broken, "--json"));
  assert.ok((error as { message: string }).message.includes(broken));
});

test("a policy file never has the name of a built-in policy", async () => {
  await write("strict", SAMPLE_POLICY);
  const print = `import("./cli/asking/policy.ts").then(({ readPolicyFile }) => readPolicyFile("strict"))
    .then(({ title }) => console.log(title))`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", print], {
    cwd: ROOT,
    env: { ...process.env, INIT_CWD: program.state },
    encoding: "utf8",
  });
  assert.equal(stdout, "./strict\n", stderr);
});
