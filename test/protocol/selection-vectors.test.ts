// The vectors of docs/protocol.md §14 are for other implementations; this one has to meet them too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { observe } from "../../client/latencies.ts";
import { planSeats } from "../../client/select.ts";
import { POLICIES, POLICY_NAMES, parsePolicyName } from "../../protocol/policy.ts";
import type { OpenedRecord } from "../../protocol/record.ts";
import { bytesFor, createWorker, ENGINE, MODEL } from "./fixtures.ts";

const document = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const template = (await createWorker("template")).opened;

const WORKERS = [
  ...document.matchAll(/^\| ([a-z]\d) \| ([a-z0-9.]+) \| (operator [a-z0-9]+) \| ([a-z]+) \|$/gm),
];
/** The times, where there is a column of them: `e1 20, c2 30`. */
const PLANS = [
  ...document.matchAll(
    /^\| (seed \d+) \| ([a-z]+) \| (?:((?:,? ?[a-z]\d \d+)+) \| )?((?: ?[a-z]\d)+) \| ((?: ?[a-z]\d)+) \|$/gm,
  ),
];

test("each vector of the document is what planSeats plans", async () => {
  assert.deepEqual([WORKERS.length, PLANS.length], [11, 14], "the tables were not found");
  const names = new Map<OpenedRecord, string>();
  for (const [, name, operator, operatorKey, provider] of WORKERS)
    names.set(
      {
        ...template,
        record: {
          ...template.record,
          workerKey: await bytesFor(`worker ${name}`),
          operatorKey: await bytesFor(operatorKey!),
          operator: operator!,
          provider: provider!,
        },
      },
      name!,
    );
  const show = (plan: readonly OpenedRecord[]) => plan.map((record) => names.get(record)).join(" ");
  const measure = (times: string) => {
    const verdicts = times.split(", ").map((time) => {
      const [worker, ms] = time.split(" ");
      const [{ record }] = [...names].find(([, name]) => name === worker)!;
      const { workerKey, endpoints } = record;
      const took = { outcome: "agreed", code: null, elapsedMs: Number(ms) } as const;
      return { workerKey, endpoint: endpoints[0]!, ...took };
    });
    return observe(new Map(), { model: MODEL, verdicts, now: 0 });
  };
  for (const [, seed, policy, times, seats, reserves] of PLANS) {
    const plan = await planSeats({
      records: [...names.keys()],
      policy: POLICIES[parsePolicyName(policy!, POLICY_NAMES)],
      model: MODEL,
      engine: ENGINE,
      sizeBucket: 1024,
      seed: await bytesFor(seed!),
      near: times === undefined ? null : measure(times),
    });
    assert.deepEqual(
      [show(plan.seats), show(plan.reserves)],
      [seats, reserves],
      `${seed}, ${policy}, ${times}`,
    );
  }
});
