// One verdict everywhere on what a sender claims to have sealed with: on keys with which every secret is zero, which
// RFC 7748 leaves to the runtime, and on second encodings of a good one, which it lets pass.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, formatHex, parseHex, utf8 } from "../../protocol/bytes.ts";
import { pad } from "../../protocol/padding.ts";
import { createSealingKeyPair } from "../../protocol/sealing.ts";
import { callOn, ELSEWHERE } from "../support/elsewhere.ts";
import { bytesFor, createWorker } from "./fixtures.ts";
import { agree, sealClaiming, sealPadded } from "./hpke-sender.ts";
import { LOW_ORDER_KEYS } from "./low-order.ts";
import openAll, { type SealingCases } from "./sealing-verdicts.ts";

const { sealing, opened } = await createWorker("a");
const { workerKey } = opened.record;
const recipient = { workerKey, sealingKey: sealing.publicKey };
const plaintext = pad(utf8("whatever"), 1024);

/** RFC 7748 §5 has the top bit ignored, so the last is zero too. */
const NO_SECRET = [...LOW_ORDER_KEYS, parseHex(`${"00".repeat(31)}80`)];

const seed = await bytesFor("ephemeral");
const { publicKey: enc } = await createSealingKeyPair(seed);
/** RFC 7748 §5 has the top bit ignored. */
const second = enc.with(-1, enc.at(-1)! ^ 0x80) as Bytes;
const cases: SealingCases = {
  seed: formatHex(await bytesFor("sealing a")),
  workerKey: formatHex(workerKey),
  sealed: [
    await sealPadded(seed, plaintext, recipient),
    await sealClaiming({ enc: second, secret: await agree(seed, sealing.publicKey) }, plaintext, recipient),
    ...(await Promise.all(
      NO_SECRET.map((key) => sealClaiming({ enc: key, secret: new Uint8Array(32) }, plaintext, recipient)),
    )),
  ].map(formatHex),
};

const expected = ["opened", ...new Array<string>(cases.sealed.length - 1).fill("unsealing_failed")];

test("a fresh key opens; a second encoding of it, and keys that give no secret, do not", async () => {
  assert.deepEqual(await openAll(cases), expected);
});

for (const runtime of ELSEWHERE)
  test(`${runtime} gives the same verdicts`, async () => {
    assert.deepEqual(await callOn(runtime, "test/protocol/sealing-verdicts.ts", cases), expected);
  });
