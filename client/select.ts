// Who is asked. Each operator is drawn once, then one of its groups, then a worker, so that neither many workers nor
// many made-up providers buy a seat; the order is by SHA-256 over the client's own seed, so nobody else can choose a
// committee or foresee one. docs/protocol.md §14.

import { type Bytes, compareBytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import { type CborValue, encode } from "../protocol/cbor.ts";
import { digest } from "../protocol/digest.ts";
import { PolicyError } from "../protocol/errors.ts";
import { MAX_SEATS, MAX_SUBSTITUTE_COMMITTEES } from "../protocol/limits.ts";
import { meetsQuorum } from "../protocol/named-quorum.ts";
import {
  admitsOperator,
  countProviders,
  isSameOperator,
  type Party,
  type Policy,
} from "../protocol/policy.ts";
import { isAskable, type OpenedRecord, type WorkerRecord } from "../protocol/record.ts";
import { findNearest, type Latencies } from "./latencies.ts";
import { describeAbsent, putQuorumFirst } from "./named-seats.ts";
import { findStanding, type Reputation, withoutExcluded } from "./reputation.ts";
import { putSteadyFirst } from "./steadiness.ts";

/** What the choice depends on, and nothing else does. */
export interface Selection {
  readonly records: readonly OpenedRecord[];
  readonly reputation: Reputation; // whoever lied is not asked
  readonly policy: Policy;
  readonly model: Bytes;
  readonly engine: Bytes;
  readonly sizeBucket: number; // a worker that takes less is not asked
  readonly seed: Bytes; // 32 random bytes of the client's own
}

/** What decides over seats besides. */
export interface SeatSelection extends Selection {
  /** How long workers took before, where one seat goes to the nearest; null where none does. */
  readonly near: Latencies | null;
}

/** Whom to ask, and who may be asked after them. No two of all these are of one operator. */
export interface SeatPlan {
  readonly seats: readonly OpenedRecord[]; // policy.ask of them, of distinct operators
  readonly substitutes: readonly OpenedRecord[]; // the next in the seeded order, for three more committees at most
}

/**
 * A pure function: same records, reputation, seed and times, same plan, in whatever order the records come. Throws
 * PolicyError `committee_unavailable`, saying what is there and what is missing, RangeError for `near` under a policy
 * that asks one.
 */
export async function planSeats(selection: SeatSelection): Promise<SeatPlan> {
  const { policy, reputation } = selection;
  const standingOf = (operator: Operator) => findStanding(reputation, identityOf(operator));
  const steady = putSteadyFirst(await drawOperators(selection), standingOf);
  const drawn = putNearestFirst(selection, steady).slice(0, MAX_SEATS);
  const operators = putQuorumFirst(policy, drawn, identityOf);
  const seated = operators
    .slice(0, policy.ask)
    .map((operator) => ({ operator, worker: operator.workers[0]! }));
  const workersOf = (seats: readonly Seat[]) => seats.map(({ worker }) => worker);
  while (countProvidersOf(workersOf(seated)) < policy.providers) {
    const change = findChange(policy, seated, operators);
    if (change === null) break;
    seated[change.index] = change.seat;
  }
  const seats = workersOf(seated);
  const isEnough = meetsQuorum(
    policy.quorum,
    seats.map(({ record }) => record),
  );
  if (seats.length < policy.ask || countProvidersOf(seats) < policy.providers || !isEnough) {
    const found = countProvidersOf(operators.flatMap(({ workers }) => workers));
    throw new PolicyError(
      "committee_unavailable",
      `policy ${policy.title} asks ${policy.ask} operators of ${policy.providers} providers; ` +
        `${operators.length} of ${found} serve this model with this engine` +
        `${describeAbsent(policy, operators.map(identityOf))}; use more regions or another policy`,
    );
  }
  const substitutes = operators
    .filter((operator) => !seated.some((seat) => seat.operator === operator))
    .map(({ workers }) => workers[0]!);
  return { seats, substitutes: substitutes.slice(0, MAX_SUBSTITUTE_COMMITTEES * policy.ask) };
}

/**
 * The operator of the nearest worker goes first and speaks through that one; the others keep their order, so at most
 * one seat can be foreseen. A committee of one would be nobody else's word: the nearest would have every question.
 */
function putNearestFirst({ near, policy, model }: SeatSelection, drawn: readonly Operator[]): Operator[] {
  if (near === null) return [...drawn];
  if (policy.ask < 2)
    throw new RangeError(
      "near is given for a policy that asks one operator, which all could foresee; pass null",
    );
  const workersOf = ({ workers }: Operator) => workers;
  const nearest = findNearest(drawn.flatMap(workersOf), model, near);
  if (nearest === null) return [...drawn];
  const isNear = ({ workers }: Operator) => workers.includes(nearest);
  const workers = drawn.filter(isNear).flatMap(workersOf);
  const speaking = [nearest, ...workers.filter((worker) => worker !== nearest)];
  return [{ workers: speaking }, ...drawn.filter((operator) => !isNear(operator))];
}

/** Whoever judges sees the input: one, and another where the first does not answer. */
const MAX_REFEREES = 2;

/**
 * Who judges a conflict: one worker for each operator that the policy admits, that judges and is linked to none of
 * `parties`, in the seeded order, two at most. A pure function, as planSeats is.
 */
export async function planReferees(selection: Selection, parties: readonly Party[]): Promise<OpenedRecord[]> {
  const isImpartial = ({ record }: OpenedRecord) => !parties.some((party) => isSameOperator(party, record));
  const records = selection.records.filter((each) => each.record.isReferee && isImpartial(each));
  const operators = await drawOperators({ ...selection, records });
  return operators.slice(0, MAX_REFEREES).map(({ workers }) => workers[0]!);
}

/** One for each of its groups, in seeded order: the first is asked, unless another provider is needed. */
interface Operator {
  readonly workers: readonly OpenedRecord[];
}

interface Seat {
  readonly operator: Operator;
  readonly worker: OpenedRecord;
}

/**
 * What brings one more provider: of the seats whose provider another seat has too, the last that can be moved to
 * another group of its operator, or else the last that the quorum can do without, for the next operator with a group
 * elsewhere. Null if nothing does.
 */
function findChange(
  { quorum }: Policy,
  seated: readonly Seat[],
  operators: readonly Operator[],
): { readonly index: number; readonly seat: Seat } | null {
  const providers = seated.map(({ worker }) => worker.record.provider);
  const shared = providers.flatMap((provider, index) =>
    providers.indexOf(provider) === providers.lastIndexOf(provider) ? [] : [index],
  );
  const waiting = operators.filter((operator) => !seated.some((seat) => seat.operator === operator));
  const moves = shared.toReversed().map((index) => ({ index, operator: seated[index]!.operator }));
  const substitutes = shared
    .toReversed()
    .flatMap((index) => waiting.map((operator) => ({ index, operator })));
  for (const { index, operator } of [...moves, ...substitutes]) {
    const worker = operator.workers.find(({ record }) => !providers.includes(record.provider));
    if (worker === undefined) continue;
    const changed = seated.with(index, { operator, worker }).map((seat) => seat.worker.record);
    if (meetsQuorum(quorum, changed)) return { index, seat: { operator, worker } };
  }
  return null;
}

function identityOf({ workers }: Operator): WorkerRecord {
  return workers[0]!.record;
}

function countProvidersOf(workers: readonly OpenedRecord[]): number {
  return countProviders(workers.map(({ record }) => record));
}

/** Whom questions may be asked of, by what a record says of itself. */
export interface Purpose {
  readonly policy: Policy;
  readonly models: readonly Bytes[]; // digests: whoever has one of them can be asked
  readonly engine: Bytes; // digest
}

export function isOfUse(record: WorkerRecord, { policy, models, engine }: Purpose): boolean {
  return (
    admitsOperator(policy, record) &&
    isAskable(record, policy.allowPlain) &&
    models.some((model) => record.models.some((digest) => equalBytes(digest, model))) &&
    record.engines.some((digest) => equalBytes(digest, engine))
  );
}

function isEligible({ record }: OpenedRecord, { policy, model, engine, sizeBucket }: Selection): boolean {
  return record.limits.maxRequestBytes >= sizeBucket && isOfUse(record, { policy, models: [model], engine });
}

/** What each draw ranks, after the seed. Also the tags of the digests. */
const DRAWS = {
  "domain-order": ({ operatorKey, operator }) => [operatorKey, operator],
  "key-order": ({ operator, operatorKey }) => [operator, operatorKey],
  "operator-order": ({ operator }) => [operator],
  "group-order": ({ operator, provider }) => [operator, provider],
  "worker-order": ({ workerKey }) => [workerKey],
} as const satisfies Record<string, (record: WorkerRecord) => CborValue[]>;

/**
 * Everyone eligible, one draw for each operator. A key with many domains speaks for one of them, and a domain with many
 * keys is spoken for by one, each drawn by itself: so no two that are drawn are linked, and what an operator makes up
 * besides operators does not improve its rank. Records that lose a draw link nobody: anyone can sign records that
 * share an honest operator's domain, and may not make two of them one for the asker.
 */
async function drawOperators(selection: Selection): Promise<Operator[]> {
  const { seed } = selection;
  const honest = withoutExcluded(selection.records, selection.reputation);
  const eligible = honest.filter((record) => isEligible(record, selection));
  const ofKeys = await drawEach(seed, "domain-order", classify(eligible, keyOf), domainOf);
  const ofDomains = await drawEach(seed, "key-order", classify(ofKeys.flat(), domainOf), keyOf);
  const drawn = await rank(seed, "operator-order", ofDomains);
  return Promise.all(
    drawn.map(async (records) => {
      const groups = await rank(seed, "group-order", classify(records, providerOf));
      const workers = await drawEach(seed, "worker-order", groups, workerOf);
      return { workers: workers.map(([worker]) => worker!) };
    }),
  );
}

const keyOf = ({ record }: OpenedRecord) => formatHex(record.operatorKey);
const domainOf = ({ record }: OpenedRecord) => record.operator;
const providerOf = ({ record }: OpenedRecord) => record.provider;
const workerOf = ({ record }: OpenedRecord) => formatHex(record.workerKey);

/** A class of records that are alike in what a draw ranks. Never empty. */
type Class = readonly OpenedRecord[];

function classify(records: readonly OpenedRecord[], nameOf: (record: OpenedRecord) => string): Class[] {
  return [...Map.groupBy(records, nameOf).values()];
}

/** Of each class the first part, in seeded order. */
function drawEach(
  seed: Bytes,
  tag: keyof typeof DRAWS,
  classes: readonly Class[],
  nameOf: (record: OpenedRecord) => string,
): Promise<Class[]> {
  return Promise.all(classes.map(async (members) => (await rank(seed, tag, classify(members, nameOf)))[0]!));
}

/** The classes in seeded order. One alone needs no digest. */
async function rank(seed: Bytes, tag: keyof typeof DRAWS, classes: readonly Class[]): Promise<Class[]> {
  if (classes.length < 2) return [...classes];
  const ranked = await Promise.all(
    classes.map(async (members) => {
      const parts = DRAWS[tag](members[0]!.record);
      return { members, rank: await digest(tag, encode([seed, ...parts])) };
    }),
  );
  return ranked.sort((a, b) => compareBytes(a.rank, b.rank)).map(({ members }) => members);
}
