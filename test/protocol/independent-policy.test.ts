// docs/protocol.md §14 is enough to read a policy as the library does: the same digest, or refused by both.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Bytes } from "../../protocol/bytes.ts";
import { PolicyError } from "../../protocol/errors.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import { createDraw } from "../fuzz/wire/mangle.ts";
import { reword } from "../fuzz/wire/mutate.ts";
import { policyDigest } from "./independent/policy.ts";
import { ANY_TREE, linesOf, policyBytes, SAMPLE_POLICY } from "./policies.ts";

const CHANGED = 3000;

/** Its digest as the library has it; null where it is refused. */
async function referenceOf(file: Bytes): Promise<string | null> {
  try {
    return String((await parsePolicy(file)).reference);
  } catch (error) {
    assert.ok(error instanceof PolicyError);
    return null;
  }
}

function independently(file: Bytes): string | null {
  try {
    return String(new Uint8Array(policyDigest(file)));
  } catch (error) {
    assert.ok(error instanceof Error);
    return null;
  }
}

async function compare(file: Bytes): Promise<boolean> {
  const reference = await referenceOf(file);
  assert.equal(independently(file), reference, new TextDecoder().decode(file));
  return reference !== null;
}

test("trees of groups have the digest that the document gives them", async () => {
  await fc.assert(
    fc.asyncProperty(ANY_TREE, fc.integer({ min: 1, max: 6 }), async (tree, ask) => {
      await compare(policyBytes(...linesOf(tree), `ask ${ask}`));
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("changed files are read alike, or refused alike", async () => {
  const draw = createDraw(20_261_125);
  const open = policyBytes(
    "quorum 3",
    "ask 5",
    "providers 2",
    "audit 7",
    "plain yes",
    "deny a.example b.example",
  );
  let accepted = 0;
  for (let run = 0; run < CHANGED; run++) {
    const changed = reword(run % 3 === 0 ? open : SAMPLE_POLICY, draw);
    if (await compare(changed)) accepted++;
  }
  assert.ok(accepted > 100 && accepted < CHANGED - 100, `${accepted} were accepted`);
});

test("line ends, byte order marks, odd numbers and repeats are what the document says of them", async () => {
  const lines = ["quorum 2", "ask 3"];
  const accepted = [
    lines.join("\r\n"),
    `\ufeff${lines.join("\n")}`,
    "quorum 2#x\nask\t3 # y",
    `${lines.join("\n")}\n\n`,
  ];
  for (const text of accepted) assert.ok(await compare(policyBytes(text)), text);
  const refused = [
    "quorum 02\nask 3",
    "quorum 2\nask 3\nask 3",
    "quorum 2\nask 3\rplain yes",
    "quorum 2\nask 17",
  ];
  for (const text of [...refused, "quorum 2\nask 3\ndeny a.example a.example", "quorum 2\nask 3\naudit 1001"])
    assert.ok(!(await compare(policyBytes(text))), text);
});
