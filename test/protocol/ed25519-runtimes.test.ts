// One verdict everywhere: every signature of C2SP CCTV and of Wycheproof on workerd, Deno and Bun, against this runtime,
// whose verdicts test/protocol/ed25519.test.ts holds to the published ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHex, utf8 } from "../../protocol/bytes.ts";
import { callOn, ELSEWHERE } from "../support/elsewhere.ts";
import { readVectors } from "./vectors.ts";
import judge, { type SignatureCase } from "./verdicts.ts";

/** Every case of both collections. */
function readCases(): SignatureCase[] {
  const hostile = readVectors("ed25519/cctv.json") as { key: string; sig: string; msg: string }[];
  const published = readVectors("ed25519/wycheproof.json") as {
    numberOfTests: number;
    testGroups: { publicKey: { pk: string }; tests: { msg: string; sig: string }[] }[];
  };
  const ofWycheproof = published.testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ msg, sig }) => ({ key: publicKey.pk, signature: sig, message: msg })),
  );
  assert.equal(ofWycheproof.length, published.numberOfTests);
  return [
    ...hostile.map(({ key, sig, msg }) => ({ key, signature: sig, message: formatHex(utf8(msg)) })),
    ...ofWycheproof,
  ];
}

for (const runtime of ELSEWHERE)
  test(`${runtime} gives the verdicts that Node gives, natively and by points`, async () => {
    const cases = readCases();
    if (cases === null) return;
    assert.ok(cases.length > 0);
    const expected = await judge(cases);
    for (const [chosen, points] of expected) assert.equal(chosen, points);
    assert.deepEqual(await callOn(runtime, "test/protocol/verdicts.ts", cases), expected);
  });
