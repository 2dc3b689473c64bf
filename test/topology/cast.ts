// What a client gets where given vices sit on its committee: real HTTP, real workers, the shipped askQuorum. Only the
// seed is chosen, so that they do sit there.

import assert from "node:assert/strict";
import type { Vice } from "../../cli/network/members.ts";
import { type Answer, askQuorum, QuorumError, type ReportedVerdict } from "../../client/index.ts";
import { planSeats } from "../../client/select.ts";
import type { Model } from "../../engine/index.ts";
import { type Bytes, formatHex, utf8 } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { POLICIES, type PolicyName } from "../../protocol/policy.ts";
import { type OpenedRecord, openRecord } from "../../protocol/record.ts";
import { chooseSizeBucket } from "../../protocol/request.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { randomInput, tinyRequest } from "../models/tiny-model.ts";
import { type Company, type Role, startCompany } from "../support/company.ts";
import { QuietClock } from "../support/quiet-clock.ts";

/**
 * A tenth of it is the hedge, half of it the wait where nobody spoke. By the clock of the test, which costs no time; the
 * workers go by their own, which a busy machine must not carry past it.
 */
export const DEADLINE_MS = 100_000;
const HEDGE_MS = DEADLINE_MS / 10;
const SETTLE_MS = 300;
const LANES = 8;
/** Beside two vices: the rest of the committee, a second one, and one or two who may be asked in vain. */
const HONEST = { fast: 3, standard: 6, strict: 9 } as const satisfies Record<PolicyName, number>;
const PROVIDERS = ["meadow", "harbour", "summit", "delta"] as const;
/** The rarest committee takes some hundred. */
const MAX_SEEDS = 2_000;

export const VICE_NAMES = [
  "lying",
  "subtle",
  "colluding",
  "twin",
  "lazy",
  "copying",
  "equivocating",
  "replaying",
  "stale-key",
  "wrong-engine",
  "wrong-model",
  "flooding",
  "hanging",
  "silent",
  "slow",
] as const satisfies readonly Vice[];

/** Whose answers are never read to their end: not one of them is waited for. */
const MUTE = ["hanging", "silent", "slow"].flatMap((vice) => [vice, `${vice}-2`]);

/** One worker for each vice, two for each doubled one; twins have one operator, and a third one its key only. */
function planRoles(doubled: readonly Vice[]): Role[] {
  const role = (name: string, vice: Vice | null, index: number, operator = name): Role => ({
    ...{ name, vice, operator: `${operator}.example`, operatorKey: operator },
    provider: PROVIDERS[index % PROVIDERS.length]!,
  });
  const names = Array.from({ length: Math.max(...Object.values(HONEST)) }, (_, index) => `honest-${index}`);
  return [
    ...names.map((name, index) => role(name, null, index)),
    ...VICE_NAMES.map((vice, index) => role(vice, vice, index)),
    ...VICE_NAMES.map((vice, index) =>
      role(`${vice}-2`, vice, index + 2, vice === "twin" ? vice : `${vice}-2`),
    ).filter(({ vice }) => doubled.includes(vice!)),
    { ...role("twin-3", "twin", 3), operatorKey: "twin" },
    role("small-order", "small-order", 0),
  ];
}

export interface Stage {
  readonly company: Company;
  /** Of the company, in this process. */
  readonly model: Model;
  /** By name of the worker. */
  readonly records: ReadonlyMap<string, OpenedRecord>;
  readonly inputs: readonly Tensor[];
  readonly truth: readonly Tensor[];
}

/** `doubled`: vices of which there are two. Each worker takes its time to start. */
export async function openStage(doubled: readonly Vice[]): Promise<Stage> {
  const roles = planRoles(doubled);
  const company = await startCompany(roles);
  try {
    const { model } = company;
    const records = new Map<string, OpenedRecord>();
    for (const { name } of roles.filter(({ vice }) => vice !== "small-order"))
      records.set(name, await openRecord(await company.readRecord(name), { now: Date.now() }));
    const inputs = tinyRequest(randomInput(1));
    const truth = (await model.run({ inputs })).outputs;
    const stage = { company, records, model, inputs, truth };
    // Everyone who answers is asked once: models are loaded, and one has a receipt to replay.
    const answering = [...records.keys()].filter(
      (name) => !MUTE.includes(name) && !name.startsWith("flooding"),
    );
    await Promise.all(
      answering.map((name) => ask(stage, { cast: [name], honest: 0, policy: "fast", rerun: null })),
    );
    return stage;
  } catch (error) {
    await company.stop();
    throw error;
  }
}

export interface Case {
  /** Names of workers, all on the first committee; under a policy of one seat the first is, and the others follow. */
  readonly cast: readonly string[];
  readonly policy: PolicyName;
  /** Null for an asker who cannot run the model. Audits are drawn wherever they can be. */
  readonly rerun: Model | null;
  readonly honest?: number;
}

export interface Outcome {
  readonly answer: Answer | null;
  readonly error: QuorumError | null;
  readonly verdicts: readonly ReportedVerdict[];
  readonly evidence: readonly Bytes[];
  readonly elapsedMs: number;
}

/** The answer, or the QuorumError; whatever else is thrown is thrown. */
export async function ask(
  stage: Stage,
  { cast, policy, rerun, honest = HONEST[policy] }: Case,
): Promise<Outcome> {
  const { records: known, inputs, company } = stage;
  const names = [...cast, ...Array.from({ length: honest }, (_, index) => `honest-${index}`)];
  const records = names.map((name) => known.get(name)!);
  const seed = await findSeed(stage, { cast, policy, records });
  let isSeed = true;
  const random = (length: number): Bytes => {
    if (isSeed) {
      isSeed = false;
      return seed;
    }
    // Four zeros draw every audit that the policy has.
    return length === 4 ? new Uint8Array(4) : crypto.getRandomValues(new Uint8Array(length));
  };
  const clock = new QuietClock();
  const mute = MUTE.flatMap((name) => known.get(name)?.record.endpoints ?? []);
  const isMute = (url: string) => mute.some((endpoint) => url.startsWith(endpoint));
  const start = clock.now();
  const options = { policy, records, inputs, random, rerun, clock, fetch: clock.watch(isMute) };
  try {
    const { model, engine } = company;
    const asking = askQuorum({
      ...options,
      near: null,
      reputation: new Map(),
      model: model.digest,
      engine,
      deadlineMs: DEADLINE_MS,
      settleMs: SETTLE_MS,
    });
    const answer = await clock.drive(asking);
    const { verdicts, conflicts } = answer;
    const evidence = conflicts.map((conflict) => conflict.evidence);
    return { answer, error: null, verdicts, evidence, elapsedMs: clock.now() - start };
  } catch (error) {
    if (!(error instanceof QuorumError)) throw error;
    const { verdicts } = error;
    const evidence = [...error.evidence, ...error.conflicts.map((conflict) => conflict.evidence)];
    return { answer: null, error, verdicts, evidence, elapsedMs: clock.now() - start };
  }
}

/** The first of a fixed row of seeds that seats the cast: keys and names do not change, so neither does it. */
async function findSeed(
  { company: { model, engine }, inputs }: Stage,
  { cast, policy, records }: Pick<Case, "cast" | "policy"> & { readonly records: readonly OpenedRecord[] },
): Promise<Bytes> {
  const sizeBucket = chooseSizeBucket(inputs);
  const wanted = cast.map((_, index) => records[index]!);
  // Of one operator one worker is drawn.
  const operators = new Set(wanted.map(({ record }) => formatHex(record.operatorKey))).size;
  for (let count = 0; count < MAX_SEEDS; count++) {
    const seed = await digestRaw(utf8(`seed ${count}`));
    const plan = await planSeats({
      records,
      policy: POLICIES[policy],
      model: model.digest,
      engine,
      sizeBucket,
      seed,
      near: null,
      reputation: new Map(),
    });
    const order = policy === "fast" ? [...plan.seats, ...plan.substitutes] : plan.seats;
    const seats = wanted.map((record) => order.indexOf(record));
    const drawn = seats.filter((seat) => seat >= 0);
    if (drawn.length < operators || (policy === "fast" && drawn.some((seat, at) => seat !== at))) continue;
    if (policy !== "fast") {
      // In even seats it is honest.
      if (seats[cast.indexOf("equivocating")]! % 2 === 0) continue;
      // Where the first who are right have one provider, or one that is mute has it too, more are asked, whatever the
      // vice.
      const isRight = (record: OpenedRecord) =>
        (cast[wanted.indexOf(record)] ?? "copying").startsWith("copying");
      const right = [...plan.seats, ...plan.substitutes].filter(isRight).map(({ record }) => record.provider);
      const mute = wanted.filter((_, index) => MUTE.includes(cast[index]!));
      if (right[0] === right[1] || mute.some(({ record }) => record.provider === right[0])) continue;
    }
    return seed;
  }
  throw new assert.AssertionError({ message: `no seed seats ${cast.join(" and ")} under ${policy}` });
}

export const NAMED_BY_AUDIT = "named by the audit";

/** What came of it, in words that do not depend on the machine. */
export interface Summary {
  readonly result: string;
  /** Of each of the cast that was asked: what its seat came to. */
  readonly seats: readonly string[];
  readonly hasEvidence: boolean;
  readonly time: "at once" | "settle" | "hedge" | "half" | "deadline";
}

export function summarize(stage: Stage, { cast }: Case, outcome: Outcome): Summary {
  const { answer, error, verdicts, evidence } = outcome;
  const isRight = answer !== null && isTruth(stage, answer.outputs);
  const operators = new Set(cast.map((name) => stage.records.get(name)!.record.operator));
  const copied = new Set(answer?.audit?.copied.map(({ operator }) => operator));
  const seats = [...operators].flatMap((operator) => {
    const verdict = verdicts.find((each) => each.operator === operator);
    if (verdict === undefined) return [];
    return [copied.has(operator) ? NAMED_BY_AUDIT : (verdict.code ?? verdict.outcome)];
  });
  return {
    result: error?.code ?? (isRight ? "right" : "wrong"),
    seats,
    hasEvidence: evidence.length > 0,
    time: classify(outcome),
  };
}

export function isTruth({ truth }: Stage, outputs: readonly Tensor[]): boolean {
  return outputs.every(({ data }, index) => Buffer.compare(data, truth[index]!.data) === 0);
}

function classify({ elapsedMs }: Outcome): Summary["time"] {
  if (elapsedMs >= DEADLINE_MS) return "deadline";
  if (elapsedMs >= DEADLINE_MS / 2) return "half";
  if (elapsedMs >= HEDGE_MS) return "hedge";
  return elapsedMs > 0 ? "settle" : "at once";
}

/** A few at a time, in order: each waits for the machine, not the other way round. */
export async function runCases<C, R>(cases: readonly C[], run: (each: C) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < cases.length) {
      const index = next++;
      results[index] = await run(cases[index]!);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}
