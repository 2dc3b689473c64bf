// A fixed seed for some seconds; `node test/fuzz/wire/main.ts` goes on to a million inputs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, MAX_RSS_BYTES, runCase } from "./run.ts";
import { TARGETS } from "./targets.ts";

const SEED = 20_261_125;
const INPUTS = 12_000;

test("hostile bytes are refused with a code, nothing forged is accepted, and what is read is written as it was", async () => {
  const refused = new Map<string, Set<string>>();
  for (let index = 0; index < INPUTS; index++) {
    const outcome = await runCase(SEED, index);
    const { target, code } = outcome;
    assert.equal(outcome.failure, null, describe(SEED, index, outcome));
    if (code !== null) refused.set(target, (refused.get(target) ?? new Set()).add(code));
  }
  assert.ok(process.memoryUsage().rss < MAX_RSS_BYTES);
  const takesAnything = "a problem document"; // what is none is null
  for (const { name } of TARGETS)
    assert.ok(name === takesAnything || refused.has(name), `${name} refuses nothing`);
  // Signatures that hold reach what is checked behind them.
  for (const [target, code] of [
    ["the payload of a receipt", "statement_mismatch"],
    ["the keys of a record", "worker_mismatch"],
    ["the keys of a record", "delegation_mismatch"],
    ["the payload of a judgement", "judgement_mismatch"],
    ["verifyCertificate", "record_mismatch"],
    ["the client's check of a reply", "signature_invalid"],
    ["POST /v1/judge", "signature_invalid"],
    ["POST /v1/judge, sealed", "signature_invalid"],
    ["POST /v1/infer, sealed", "engine_unknown"],
    ["POST /v1/infer, padded by hand and sealed", "not_canonical"],
    ["POST /v1/infer, changed in its seal", "unsealing_failed"],
    ["asking a.example, which seals its answers", "signature_invalid"],
    ["asking mallory.example, which seals its answers", "signature_invalid"],
    ["asking a referee, which seals its judgement", "signature_invalid"],
  ] as const)
    assert.ok(refused.get(target)!.has(code), `${target} never came to ${code}`);
});

test("a case is its seed and its number", async () => {
  for (let index = 0; index < 2 * TARGETS.length; index++) {
    const [one, again, other] = [await runCase(7, index), await runCase(7, index), await runCase(8, index)];
    assert.deepEqual(one.input, again.input);
    assert.notDeepEqual(one.input, other.input);
  }
});
