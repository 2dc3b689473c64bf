import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { formatBase64Url, parseBase64Url } from "../../protocol/bytes.ts";
import { openDelegation } from "../../protocol/delegation.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { createProgram, lastLine } from "./program.ts";

const program = await createProgram();
after(() => program.remove());
const operatorKey = join(program.state, "operator.key");
const workerKey = join(program.state, "worker.key");

test("writes a key that only its owner reads, and prints its public half", async () => {
  const finished = await program.run("keygen", "--out", operatorKey, "--json");
  assert.equal(finished.status, 0, finished.stderr);
  assert.equal((await stat(operatorKey)).mode & 0o777, 0o600);
  const secret = parseBase64Url((await readFile(operatorKey, "utf8")).trim());
  assert.equal(lastLine(finished).publicKey, formatBase64Url(await publicKey(secret)));
  assert.ok(!finished.stdout.includes(formatBase64Url(secret)), "the secret was printed");
});

test("signs a worker's delegation with the operator's key", async () => {
  const finished = await program.run(
    ...["keygen", "--out", workerKey, "--operator", "alder.example", "--operator-key", operatorKey, "--json"],
  );
  assert.equal(finished.status, 0, finished.stderr);
  const printed = lastLine(finished);
  const { delegation } = await openDelegation(parseBase64Url(String(printed.delegation)), {
    now: Date.now(),
  });
  assert.equal(delegation.operator, "alder.example");
  assert.equal(formatBase64Url(delegation.workerKey), printed.publicKey);
});
