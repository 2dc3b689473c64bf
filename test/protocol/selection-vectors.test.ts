// The vectors of docs/protocol.md §14 are for other implementations; this one has to meet them too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Latencies, rememberLatencies } from "../../client/latencies.ts";
import { type Reputation, rememberSightings } from "../../client/reputation.ts";
import { planSeats } from "../../client/select.ts";
import { POLICIES, POLICY_NAMES, parsePolicyName } from "../../protocol/policy.ts";
import type { OpenedRecord } from "../../protocol/record.ts";
import { bytesFor, createWorker, ENGINE, MODEL } from "./fixtures.ts";

const document = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const template = (await createWorker("template")).opened;

const WORKERS = [
  ...document.matchAll(/^\| ([a-z]\d) \| ([a-z0-9.]+) \| (operator [a-z0-9]+) \| ([a-z]+) \|$/gm),
];
/** What is known of workers, where there is a column of it: `e1 20, c2 unsteady`; a number is a time in milliseconds. */
const PLANS = [
  ...document.matchAll(
    /^\| (seed \d+) \| ([a-z]+) \| (?:((?:,? ?[a-z]\d (?:\d+|steady|unsteady))+) \| )?((?: ?[a-z]\d)+) \| ((?: ?[a-z]\d)+) \|$/gm,
  ),
];

test("each vector of the document is what planSeats plans", async () => {
  assert.deepEqual([WORKERS.length, PLANS.length], [11, 19], "the tables were not found");
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
  const learn = (facts: string) => {
    let [near, reputation]: [Latencies | null, Reputation] = [null, new Map()];
    for (const fact of facts.split(", ")) {
      const [worker, said] = fact.split(" ");
      const [{ record }] = [...names].find(([, name]) => name === worker)!;
      const { workerKey, endpoints } = record;
      const took = { outcome: "agreed", code: null, elapsedMs: Number(said) } as const;
      const verdicts = [{ workerKey, endpoint: endpoints[0]!, ...took }];
      const failure = { ...record, kind: "failure" } as const;
      if (said === "unsteady") reputation = rememberSightings(reputation, [failure, failure], 0);
      else if (said === "steady")
        reputation = rememberSightings(reputation, [{ ...record, kind: "answer" }], 0);
      else near = rememberLatencies(near ?? new Map(), { model: MODEL, verdicts, now: 0 });
    }
    return { near, reputation };
  };
  for (const [, seed, policy, known, seats, substitutes] of PLANS) {
    const plan = await planSeats({
      records: [...names.keys()],
      policy: POLICIES[parsePolicyName(policy!, POLICY_NAMES)],
      model: MODEL,
      engine: ENGINE,
      sizeBucket: 1024,
      seed: await bytesFor(seed!),
      ...(known === undefined ? { near: null, reputation: new Map() } : learn(known)),
    });
    assert.deepEqual(
      [show(plan.seats), show(plan.substitutes)],
      [seats, substitutes],
      `${seed}, ${policy}, ${known}`,
    );
  }
});
