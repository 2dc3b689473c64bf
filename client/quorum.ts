// Asking: a request goes to a committee, verdicts come back, the policy decides. docs/asking.md.

import type { Bytes } from "../protocol/bytes.ts";
import { type Policy, type PolicyName, toPolicy } from "../protocol/policy.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { type Answer, createAnswer, toEvidence } from "./answer.ts";
import type { SignedVerdict } from "./ask.ts";
import { createExpectation } from "./check.ts";
import type { Clock } from "./clock.ts";
import { countersign } from "./countersign.ts";
import { Course } from "./course.ts";
import { decide } from "./decide.ts";
import { FanOut } from "./fan-out.ts";
import type { Latencies } from "./latencies.ts";
import { checkDuration, createQuestion, drawAudit } from "./question.ts";
import { askReferees, type Judged } from "./referee.ts";
import type { Reputation } from "./reputation.ts";
import type { LocalRerun } from "./rerun.ts";
import { planReferees, planSeats } from "./select.ts";
import type { Fetch } from "./transport.ts";

/** One question: what is asked, of whom, how long, and with whose clock, chance and network. */
export interface AskOptions {
  readonly policy: PolicyName | Policy; // built in, or of parsePolicy
  readonly records: readonly OpenedRecord[]; // of fetchDirectory
  readonly reputation: Reputation; // of rememberSightings; empty where nobody is known
  readonly near: Latencies | null; // where one seat goes to the nearest; of rememberLatencies. Null: chance decides over all
  readonly model: Bytes; // digest
  readonly engine: Bytes; // digest
  readonly inputs: readonly Tensor[];
  readonly deadlineMs: number; // for everything; at most 120,000
  readonly settleMs: number; // how long to listen for contradiction after enough agreed; at most deadlineMs
  readonly random: (length: number) => Bytes; // a secure source; its bytes choose committee, salt and audits
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly rerun: LocalRerun | null; // the model, where it can run here
}

/**
 * One question, answered by as many operators as the policy asks for, or not at all. Throws PolicyError
 * `committee_unavailable`, QuorumError `quorum_not_reached` | `quorum_split`, DecodeError for inputs that no
 * worker could read, RangeError for durations and for `near` under a policy that asks one, and whatever `rerun` throws.
 */
export async function askQuorum(options: AskOptions): Promise<Answer> {
  const { random, clock, fetch, rerun, records, reputation, near, model, engine } = options;
  const { deadlineMs, settleMs } = options;
  const policy = toPolicy(options.policy);
  const start = clock.now();
  const { request, seed } = await createQuestion({ ...options, policy, now: start });
  checkDuration("settleMs", settleMs, 0, deadlineMs);
  const { sizeBucket } = request;
  const selection = { records, reputation, policy, model, engine, sizeBucket, seed };
  const plan = await planSeats({ ...selection, near });
  const expectation = await createExpectation(request);
  const fanOut = new FanOut({ expectation, allowPlain: policy.allowPlain, fetch, clock });
  const course = new Course({
    plan: { policy, start, deadlineMs, settleMs },
    ...{ fanOut, substitutes: plan.substitutes, clock },
  });
  try {
    for (const record of plan.seats) fanOut.ask(record);
    const auditDrawn = rerun !== null && drawAudit(policy, random);
    const judge = async (a: SignedVerdict, b: SignedVerdict): Promise<Judged | null> => {
      // Whoever was asked is a party, whatever it answered.
      const asked = [...fanOut.verdicts, ...fanOut.pending.map(({ record }) => record.record)];
      const referees = await planReferees(selection, asked);
      const evidence = toEvidence(a, b, request);
      const { deadline } = request;
      const { allowPlain } = policy;
      return askReferees(referees, { evidence, allowPlain, fetch, clock, deadline });
    };
    const decision = await decide(course, {
      ...{ expectation, rerun, auditDrawn, judge },
      countersign: (own) => countersign({ request, own, random, now: clock.now() }),
    });
    return createAnswer({ request, ...decision, elapsedMs: clock.now() - start });
  } finally {
    fanOut.close("cancelled"); // whatever was thrown, nobody is left waiting
  }
}
