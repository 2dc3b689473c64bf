import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createExpectation } from "../../client/check.ts";
import { Course } from "../../client/course.ts";
import { decide } from "../../client/decide.ts";
import { FanOut } from "../../client/fan-out.ts";
import type { LocalRerun } from "../../client/rerun.ts";
import { POLICIES } from "../../protocol/policy.ts";
import { createRequest, NOW } from "../protocol/fixtures.ts";
import { ManualClock } from "./manual-clock.ts";
import { honest, lying, type Part, RERUN, startNetwork } from "./network.ts";

const DEADLINE_MS = 10_000;
const SETTLE_MS = 700;

const network = await startNetwork(["p0", "p1", "p2"]);
after(() => network.close());

test("a liar who speaks up while an audit runs is reported too", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const late: Part = async (request, worker) => {
    await released;
    return lying(request, worker);
  };
  for (const [index, member] of network.workers.entries()) member.part = index === 0 ? late : honest;
  const clock = new ManualClock(NOW);
  const expectation = await createExpectation(await createRequest("standard"));
  const fanOut = new FanOut({ expectation, allowPlain: false, fetch, clock });
  const course = new Course({
    plan: { policy: POLICIES.standard, start: NOW, deadlineMs: DEADLINE_MS, settleMs: SETTLE_MS },
    fanOut,
    substitutes: [],
    clock,
  });
  /** The audit's run ends only once the late verdict is in. */
  const rerun: LocalRerun = {
    async run(request) {
      release();
      while (fanOut.verdicts.length < 3) await new Promise((resolve) => setImmediate(resolve));
      return RERUN.run(request);
    },
  };
  for (const record of network.records) fanOut.ask(record);
  const decision = decide(course, {
    ...{ expectation, rerun, auditDrawn: true },
    judge: async () => null,
    countersign: () => assert.fail("there is an answer"),
  });
  await clock.started(SETTLE_MS); // the two honest ones agree
  clock.advance(SETTLE_MS);
  const { agreed, dissent, copied, verdicts } = await decision;
  assert.deepEqual(
    dissent.map(({ operator }) => operator),
    ["operator-0.example"],
  );
  assert.deepEqual([agreed.length, copied, verdicts.length], [2, [], 3]);
  assert.equal(clock.running, 0);
});
