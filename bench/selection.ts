// How often an attacker fills a whole committee, by what it has made up: the rule that ships, over seeded draws of a
// made-up directory, beside the closed form. No network, no clock; the same numbers on every machine.
import { type Latencies, rememberLatencies } from "../client/latencies.ts";
import { type Reputation, rememberSightings } from "../client/reputation.ts";
import { planSeats } from "../client/select.ts";
import { utf8 } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import { POLICIES, type Policy } from "../protocol/policy.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import type { Row } from "./report.ts";

/** Of `fast`, `standard` and `strict`, and one larger. */
const ALL_SIZES = [1, 3, 5, 7];
/** A committee of one has no nearest. */
const SIZES_WITH_NEAREST = [3, 5, 7];

/** Honest operators have one worker each and four providers among them. */
const HONEST_PROVIDERS = 4;
export const DRAWS = 5000;

/**
 * What the attacker has besides `honest` operators. It puts each of its records at a provider of its own, which is
 * the best for it: its seats are never moved for want of providers.
 */
export interface Scenario {
  readonly name: string;
  readonly sizes: readonly number[]; // of committees
  readonly honest: number; // operators
  readonly attackers: number; // operators, as the rule counts them
  readonly records: number; // of the attacker
  /** The domain and the key of its record `index`, by number. */
  readonly claim: (index: number) => { readonly domain: number; readonly key: number };
  /** Whether clients let one seat go to the nearest worker, and its first record is that one, every time. */
  readonly isNearest: boolean;
  /** Whether clients know the attacker's as steady and all others as unsteady, whoever kept these from answering. */
  readonly isSteadier: boolean;
}

const spread = (operators: number) => (index: number) => ({
  domain: index % operators,
  key: index % operators,
});

/** An attacker with one record for each of its operators and no other advantage. */
const amongAll = (attackers: number, all: number) => ({
  sizes: ALL_SIZES,
  honest: all - attackers,
  attackers,
  records: attackers,
  claim: spread(attackers),
  isNearest: false,
  isSteadier: false,
});

const made = { ...amongAll(4, 40), sizes: [3], records: 128 };
const nearest = { sizes: SIZES_WITH_NEAREST, isNearest: true };

export const SCENARIOS: readonly Scenario[] = [
  { ...amongAll(4, 40), name: "4 of 40 operators, half of all workers", records: 36 },
  { ...made, name: "4 of 40 operators, with 32 made-up providers each" },
  {
    ...made,
    name: "4 of 40 operators, with 32 domains under each key",
    claim: (index) => ({ domain: index, key: index % 4 }),
  },
  {
    ...made,
    name: "4 of 40 operators, with 32 keys under each domain",
    claim: (index) => ({ domain: index % 4, key: index }),
  },
  { ...amongAll(13, 40), name: "13 of 40 operators" },
  { ...amongAll(20, 40), name: "20 of 40 operators" },
  { ...amongAll(4, 40), ...nearest, name: "4 of 40 operators, of which one is always the nearest" },
  { ...amongAll(13, 40), ...nearest, name: "13 of 40 operators, of which one is always the nearest" },
  { ...amongAll(4, 40), isSteadier: true, name: "4 of 40 operators, and all others made to look unsteady" },
  { ...amongAll(13, 40), isSteadier: true, name: "13 of 40 operators, and all others made to look unsteady" },
  { ...amongAll(36, 72), name: "36 of 72 operators: each worker of the first row drawn by itself" },
];

/** a (a − 1) … (a − k + 1) ÷ (n … (n − k + 1)): the first k of n in chance order are all of the a. */
function chanceOfRow(a: number, n: number, k: number): number {
  let chance = 1;
  for (let place = 0; place < k; place++) chance *= Math.max(0, a - place) / (n - place);
  return chance;
}

/**
 * C(attackers, seats) ÷ C(all, seats): every operator has one draw, and no seat is drawn twice. Where one of the
 * attacker's is always nearest, it has its seat, and the others are drawn of the rest. Where it is steadier, one honest
 * operator in the last seat may lose it to the attacker's behind it.
 */
export function chanceToFill({ honest, attackers, isNearest, isSteadier }: Scenario, seats: number): number {
  const all = honest + attackers;
  if (isNearest) return chanceOfRow(attackers - 1, all - 1, seats - 1);
  const whole = chanceOfRow(attackers, all, seats);
  return isSteadier ? whole * (1 + honest / (all - seats)) : whole;
}

/**
 * Of `draws` committees of each size, planned by planSeats under seeds 0 to `draws` − 1, how many the attacker filled.
 */
export async function countFilled(scenario: Scenario, seats: number, draws: number): Promise<number> {
  const records = await createDirectory(scenario);
  const near = scenario.isNearest ? measure(records) : null;
  const reputation = scenario.isSteadier ? watch(records) : new Map();
  let filled = 0;
  for (let draw = 0; draw < draws; draw++) {
    const plan = await planSeats({
      records,
      policy: policyOf(seats),
      model: MODEL,
      engine: ENGINE,
      sizeBucket: 1024,
      seed: await digestRaw(utf8(`draw ${draw}`)),
      near,
      reputation,
    });
    if (plan.seats.every(({ record }) => record.operator.startsWith("x"))) filled++;
  }
  return filled;
}

/** Four standard deviations of `draws` draws, and one draw more: a seeded run outside of it is a fault of the rule. */
export function tolerance(chance: number, draws: number): number {
  return 4 * Math.sqrt((chance * (1 - chance)) / draws) + 1 / draws;
}

export async function benchSelection(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const scenario of SCENARIOS)
    for (const seats of scenario.sizes) {
      const chance = chanceToFill(scenario, seats);
      const share = (await countFilled(scenario, seats, DRAWS)) / DRAWS;
      rows.push({
        name: `${scenario.name}, committee of ${seats}`,
        value: 100 * share,
        unit: "% filled",
        peer: "closed form",
        peerValue: 100 * chance,
        ratio: null,
        target: null,
        met: Math.abs(share - chance) <= tolerance(chance, DRAWS),
      });
    }
  return rows;
}

/** Everyone was asked once: the attacker's first answered in 1 ms, the others in 100. */
function measure(records: readonly OpenedRecord[]): Latencies {
  const verdicts = records.map(({ record: { workerKey, endpoints } }) => {
    const endpoint = endpoints[0]!;
    const elapsedMs = endpoint === "https://x0.example" ? 1 : 100;
    return { workerKey, endpoint, outcome: "agreed" as const, code: null, elapsedMs };
  });
  return rememberLatencies(new Map(), { model: MODEL, verdicts, now: 0 });
}

/** The attacker's answered, and nobody else did, twice. */
function watch(records: readonly OpenedRecord[]): Reputation {
  const sightings = records.map(({ record }) => {
    const kind = record.operator.startsWith("x") ? ("answer" as const) : ("failure" as const);
    return { operator: record.operator, operatorKey: record.operatorKey, kind };
  });
  return rememberSightings(new Map(), [...sightings, ...sightings], 0);
}

/** The built-in policy that asks so many; of seven, as `strict` does of five. */
function policyOf(seats: number): Policy {
  const builtIn = Object.values(POLICIES).find(({ ask }) => ask === seats);
  return builtIn ?? { ...POLICIES.strict, ask: seats, accept: seats };
}

const MODEL = await digestRaw(utf8("model"));
const ENGINE = await digestRaw(utf8("engine"));

async function createDirectory({ honest, records, claim }: Scenario): Promise<OpenedRecord[]> {
  const ofHonest = Array.from({ length: honest }, (_, index) =>
    createRecord(`h${index}`, `h${index}.example`, `operator h${index}`, `p${index % HONEST_PROVIDERS}`),
  );
  const ofAttacker = Array.from({ length: records }, (_, index) => {
    const { domain, key } = claim(index);
    return createRecord(`x${index}`, `x${domain}.example`, `operator x${key}`, `made-up-${index}`);
  });
  return Promise.all([...ofHonest, ...ofAttacker]);
}

/** A record as planSeats reads it; it verifies nothing, so nothing is signed. */
async function createRecord(
  name: string,
  operator: string,
  operatorKey: string,
  provider: string,
): Promise<OpenedRecord> {
  const workerKey = await digestRaw(utf8(`worker ${name}`));
  return {
    digest: workerKey,
    bytes: new Uint8Array(),
    record: {
      workerKey,
      seq: 1,
      issuedAt: 0,
      expiresAt: 1,
      operator,
      operatorKey: await digestRaw(utf8(operatorKey)),
      delegation: new Uint8Array(),
      endpoints: [`https://${operator}`],
      provider,
      region: "anywhere",
      sealingKeys: [workerKey], // any 32 bytes: nobody is asked
      models: [MODEL],
      engines: [ENGINE],
      limits: { maxRequestBytes: 1 << 20 },
      acceptsPlain: false,
      isReferee: false,
      retentionSeconds: 0,
      price: 0,
      domainProof: null,
    },
  };
}
