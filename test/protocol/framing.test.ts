// Nobody can frame an honest worker. An attacker chooses what it asks of honest workers, has keys of its own that sign
// anything, and puts together whatever it likes; the honest ones sign what they computed on what they received.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Bytes, equalBytes } from "../../protocol/bytes.ts";
import { CodedError } from "../../protocol/errors.ts";
import { encodeEvidence, openEvidence } from "../../protocol/evidence.ts";
import { judgeEvidence } from "../../protocol/judge.ts";
import type { Opening } from "../../protocol/opening.ts";
import type { InferRequest } from "../../protocol/request.ts";
import { blockDigest, traceRoot } from "../../protocol/statement.ts";
import {
  a,
  b,
  createToyRequest,
  HONEST,
  lieAt,
  openAtInput,
  type SignedRun,
  signBlocks,
  signRun,
  TOY_INPUTS,
} from "./conflicts.ts";
import { bytesFor, createWorker, NOW, type TestWorker } from "./fixtures.ts";
import { runToy, TOY } from "./toy-model.ts";

const HONEST_WORKERS = [a, b];
/** The attacker's: a stranger, one that claims an honest domain, and one that claims it under a record of yesterday. */
const TWINS = [
  await createWorker("stranger"),
  await createWorker("twin", { operator: "a.example", operatorSeed: "attacker" }),
  await createWorker("earlier", { operator: "a.example", operatorSeed: "attacker", now: NOW - 3_000_000 }),
];
/** Records of the honest worker from other times than the one under which it signs. */
const OTHER_RECORDS = await Promise.all(
  [NOW - 86_400_000, NOW - 600_000, NOW + 600_000].map((now) => createWorker("a", { now })),
);

const base = await createToyRequest();
const other = await bytesFor("another");
/** What an attacker may change from one worker's request to the next. */
const CHANGES: readonly Partial<InferRequest>[] = [
  {},
  { inputs: [{ ...TOY_INPUTS[0]!, shape: [3, 2] }] },
  { inputs: [{ ...TOY_INPUTS[0]!, data: Uint8Array.of(9, 8, 7, 6, 5, 4) }] },
  { salt: other },
  { nonce: other.slice(0, 16) },
  { policy: "fast" },
  { deadline: base.deadline + 1000 },
  { sizeBucket: 2 * base.sizeBucket },
  { assignment: { mode: "S", seedDigest: other } },
  { seat: 1 },
];

/** Nearly always the first, so that what is put together often fits. */
function mostly<T>(values: readonly T[]): fc.Arbitrary<T> {
  const [first, ...others] = values;
  return fc.oneof(
    { arbitrary: fc.constant(first!), weight: 6 },
    { arbitrary: fc.constantFrom(first!, ...others), weight: 1 },
  );
}

const requests = mostly(CHANGES).map((change): InferRequest => ({ ...base, ...change }));

/** A lie told for one request and traced as if the input had the shape of another. */
interface Plot {
  readonly twin: TestWorker;
  readonly asked: InferRequest;
  readonly traced: InferRequest;
  readonly lieFrom: number;
  readonly time: number;
}

const plots: fc.Arbitrary<Plot> = fc.record({
  twin: fc.constantFrom(...TWINS),
  asked: requests,
  traced: requests,
  lieFrom: fc.nat(4),
  time: mostly([NOW, NOW - 100_000, NOW + 10_000_000]),
});

/** Signs the wrong blocks, or honest blocks of the other shape, under the right question. */
async function sign({ twin, asked, traced, lieFrom, time }: Plot): Promise<SignedRun> {
  const outputs = lieAt(lieFrom)(runToy(traced.inputs));
  const root = await traceRoot(
    traced.inputs.map(({ shape }) => shape),
    await Promise.all(outputs.map(blockDigest)),
  );
  return signBlocks(twin, asked, outputs, {
    time,
    changeStatement: (statement) => ({ ...statement, traceRoot: root }),
  });
}

/** Whatever opening the attacker can think of, from all that it knows. */
function openings(left: SignedRun, right: SignedRun): fc.Arbitrary<Opening | null> {
  const lists = fc.tuple(mostly([left.blocks, right.blocks]), mostly([right.blocks, left.blocks]));
  const boundaries = CHANGES.slice(0, 2).flatMap((change) => runToy({ ...base, ...change }.inputs));
  return fc.oneof(
    fc.record({ request: requests, blocks: lists }).map(
      ({ request, blocks }): Opening => ({
        ...openAtInput(request, left, right),
        blocks,
      }),
    ),
    fc
      .record({
        shape: mostly([
          [2, 3],
          [3, 2],
          [6, 1],
        ]),
        boundary: fc.constantFrom(...boundaries),
        blocks: lists,
      })
      .map(({ shape, boundary, blocks }): Opening => ({ at: "block", shapes: [shape], boundary, blocks })),
  );
}

/** The worker and operator keys of those that the evidence shows at fault; null for what is no evidence. */
async function findBlamed(bytes: Bytes, scope: "model" | "block"): Promise<Bytes[] | null> {
  try {
    const evidence = await openEvidence(bytes);
    const { opening } = evidence;
    if (opening === null) return [];
    const { atFault } = await judgeEvidence({ ...evidence, opening }, TOY, scope);
    return atFault.flatMap((side) => {
      const { workerKey, operatorKey } = evidence.sides[side]!.signer;
      return [workerKey, operatorKey];
    });
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return null;
  }
}

function assertInnocent(blamed: readonly Bytes[]): void {
  for (const { opened } of HONEST_WORKERS)
    for (const key of [opened.record.workerKey, opened.record.operatorKey])
      assert.ok(!blamed.some((other) => equalBytes(other, key)), `${opened.record.operator} was framed`);
}

test("whatever is asked of two honest workers, their receipts are no evidence", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...CHANGES),
      fc.constantFrom(...CHANGES),
      fc.nat(1),
      async (one, two, same) => {
        const first = await signRun(a, { ...base, ...one }, HONEST);
        const second = await signRun(HONEST_WORKERS[same]!, { ...base, ...two }, HONEST);
        const opening = openAtInput({ ...base, ...one }, first, second);
        for (const given of [opening, null])
          assert.equal(await findBlamed(encodeEvidence(first, second, given), "model"), null);
      },
    ),
    { seed: 11, numRuns: 150 },
  );
});

test("whatever is put together against an honest worker, only the attacker's keys are found at fault", async () => {
  let decided = 0;
  const attack = fc.record({
    asked: requests,
    plot: plots,
    scope: fc.constantFrom("model" as const, "block" as const),
    seed: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(attack, async ({ asked, plot, scope, seed }) => {
      const honest = await signRun(a, asked, HONEST);
      const twin = await sign(plot);
      const [opening] = fc.sample(openings(honest, twin), { seed, numRuns: 1 });
      const blamed = await findBlamed(encodeEvidence(honest, twin, opening!), scope);
      if (blamed === null) return;
      assertInnocent(blamed);
      decided++;
    }),
    { seed: 12, numRuns: 1500 },
  );
  assert.ok(decided > 100, `only ${decided} of the files were evidence: is anything tried?`);
});

test("a lie computed for another shape of the same bytes does not frame who computed the right one", async () => {
  const asked = base;
  const traced = { ...base, ...CHANGES[1]! };
  const honest = await signRun(a, asked, HONEST);
  // Both agree on block 0, which does not depend on the shape; block 1 of the twin is right for the other shape.
  const twin = await sign({ twin: TWINS[0]!, asked, traced, lieFrom: 4, time: NOW });
  const boundary = runToy(asked.inputs)[0]!;
  const blocks = [honest.blocks, twin.blocks] as const;
  for (const shapes of [[[2, 3]], [[3, 2]]]) {
    const opening: Opening = { at: "block", shapes, boundary, blocks };
    await assert.rejects(openEvidence(encodeEvidence(honest, twin, opening)), { code: "trace_mismatch" });
  }
});

test("a receipt under a record of another time is refused", async () => {
  const lie = await signRun(TWINS[0]!, base, lieAt(1));
  const honest = await signRun(a, base, HONEST);
  for (const { opened } of OTHER_RECORDS) {
    const moved = { ...honest, record: opened.bytes };
    await assert.rejects(openEvidence(encodeEvidence(moved, lie, null)), { code: "record_mismatch" });
  }
});

test("a twin that claims an honest domain is found at fault under its own keys", async () => {
  const honest = await signRun(a, base, HONEST);
  const twin = await signRun(TWINS[1]!, base, lieAt(1));
  const blamed = await findBlamed(encodeEvidence(honest, twin, openAtInput(base, honest, twin)), "model");
  const { workerKey, operatorKey } = TWINS[1]!.opened.record;
  assert.deepEqual(blamed, [workerKey, operatorKey]);
  assertInnocent(blamed!);
});
