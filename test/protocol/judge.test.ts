import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Bytes } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { encodeEvidence, openEvidence } from "../../protocol/evidence.ts";
import { type Finding, judgeEvidence, type Ruling, sidesAtFault } from "../../protocol/judge.ts";
import { blockDigest } from "../../protocol/statement.ts";
import {
  a,
  b,
  createBlockConflict,
  createConflict,
  createToyRequest,
  HONEST,
  lieAt,
  namesOf,
  openAtInput,
  signBlocks,
  signRun,
  TOY_INPUTS,
} from "./conflicts.ts";
import type { SignOptions } from "./fixtures.ts";
import { runToy, TOY, TOY_LOG } from "./toy-model.ts";

beforeEach(() => TOY_LOG.splice(0));

async function judge(bytes: Bytes, scope: Finding["scope"]): Promise<Ruling & { readonly names: string[] }> {
  const evidence = await openEvidence(bytes);
  const ruling = await judgeEvidence({ ...evidence, opening: evidence.opening! }, TOY, scope);
  return { ...ruling, names: await namesOf(bytes, ruling.atFault) };
}

for (const scope of ["model", "block"] as const) {
  for (const block of [0, 1, 2, 3])
    test(`who lies from block ${block} on is found, judged by the ${scope}`, async () => {
      for (const [lies, liar] of [
        [[HONEST, lieAt(block)], "b.example"],
        [[lieAt(block), HONEST], "a.example"],
      ] as const)
        assert.deepEqual((await judge(await createConflict(...lies), scope)).names, [liar]);
    });

  test(`both are at fault where both lied, judged by the ${scope}`, async () => {
    const same = await judge(await createConflict(lieAt(1, 1), lieAt(1, 2)), scope);
    assert.deepEqual(same.names, ["a.example", "b.example"]);
  });

  test(`both are at fault where no honest worker answers, judged by the ${scope}`, async () => {
    const request = await createToyRequest([{ ...TOY_INPUTS[0]!, data: Uint8Array.of(255, 0, 0, 0, 0, 0) }]);
    const one = await signBlocks(a, request, [Uint8Array.of(1)]);
    const two = await signBlocks(b, request, [Uint8Array.of(2)]);
    const { finding, names } = await judge(encodeEvidence(one, two, openAtInput(request, one, two)), scope);
    assert.deepEqual(finding, { scope: "model", digest: null });
    assert.deepEqual(names, ["a.example", "b.example"]);
  });
}

test("the whole model runs once, and the statement of an honest worker decides", async () => {
  const bytes = await createConflict(HONEST, lieAt(2));
  const { finding, atFault } = await judge(bytes, "model");
  assert.deepEqual(TOY_LOG, ["run"]);
  const { sides } = await openEvidence(bytes);
  const right = sides[atFault[0] === 0 ? 1 : 0];
  assert.deepEqual(finding, { scope: "model", digest: right.receipt.wrap.statement });
});

test("by the block, nothing runs behind the first one that differs", async () => {
  const { finding } = await judge(await createConflict(HONEST, lieAt(1)), "block");
  assert.deepEqual(TOY_LOG, ["runBlocks to 1"]);
  assert.deepEqual(finding, { scope: "block", block: 1, digest: await blockDigest(runToy(TOY_INPUTS)[1]!) });
});

test("evidence that is opened at a block runs that block alone, whatever is asked for", async () => {
  for (const scope of ["block", "model"] as const) {
    TOY_LOG.splice(0);
    const { finding, names } = await judge(await createBlockConflict(lieAt(2), HONEST, 2), scope);
    assert.deepEqual([TOY_LOG, names], [["runBlock 2"], ["a.example"]]);
    assert.deepEqual(finding, {
      scope: "block",
      block: 2,
      digest: await blockDigest(runToy(TOY_INPUTS)[2]!),
    });
  }
});

test("a lie that both told before they differ is found from the input, and blames both", async () => {
  const [one, two] = [lieAt(1), (blocks: Bytes[]) => lieAt(3, 7)(lieAt(1)(blocks))];
  const { finding, names } = await judge(await createConflict(one, two), "block");
  assert.equal(finding.scope === "block" && finding.block, 1);
  assert.deepEqual(names, ["a.example", "b.example"]);
});

test("results that differ in no block are decided by the whole model", async () => {
  const request = await createToyRequest();
  const honest = await signRun(a, request, HONEST);
  for (const changeStatement of [
    (statement: Parameters<NonNullable<SignOptions["changeStatement"]>>[0]) => ({ ...statement, opCount: 8 }),
    (statement: Parameters<NonNullable<SignOptions["changeStatement"]>>[0]) => {
      return { ...statement, outputDigest: new Uint8Array(32) };
    },
  ]) {
    const lie = await signRun(b, request, HONEST, { changeStatement });
    const bytes = encodeEvidence(honest, lie, openAtInput(request, honest, lie));
    assert.deepEqual((await judge(bytes, "block")).names, ["b.example"]);
  }
  assert.deepEqual(TOY_LOG, ["run", "run"]);
});

test("a trace of too few or too many blocks is at fault where it ends", async () => {
  const shorter = await judge(await createConflict(HONEST, (blocks) => blocks.slice(0, 2)), "block");
  assert.deepEqual(shorter.names, ["b.example"]);
  const longer = await judge(await createConflict(HONEST, (blocks) => [...blocks, blocks[0]!]), "block");
  assert.deepEqual(
    [longer.finding, longer.names],
    [{ scope: "block", block: 4, digest: null }, ["b.example"]],
  );
  const alone = await judge(
    await createBlockConflict(HONEST, (blocks) => [...blocks, blocks[0]!], 4),
    "block",
  );
  assert.deepEqual([alone.finding, alone.names], [longer.finding, longer.names]);
});

test("what the engine cannot run is no verdict", async () => {
  const evidence = await openEvidence(await createConflict(HONEST, lieAt(1)));
  const engine = {
    ...TOY,
    run: () => Promise.reject(new InferenceError("memory_exhausted", "the host has no memory left")),
  };
  await assert.rejects(judgeEvidence({ ...evidence, opening: evidence.opening! }, engine, "model"), {
    code: "memory_exhausted",
  });
});

test("a finding about a block says nothing of who signed what in closed evidence", async () => {
  const { sides } = await openEvidence(await createConflict(HONEST, lieAt(1)));
  const closed = { sides, opening: null };
  assert.equal(await sidesAtFault(closed, { scope: "block", block: 1, digest: null }), null);
  assert.deepEqual(await sidesAtFault(closed, { scope: "model", digest: null }), [0, 1]);
});
