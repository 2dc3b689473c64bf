// Who takes part in a local network: names, operators, declared providers and places. Not keys, not ports.

import { NetworkError } from "./errors.ts";

/** The vices a worker of the cast can have, for people; workers/cast implements them. */
export const VICES = {
  lying: "signs a wrong answer, each liar another one",
  subtle: "signs an answer with one wrong bit",
  colluding: "signs a wrong answer, the same one as everyone else who colludes",
  twin: "lies as its twins do, which are workers of one operator, and hopes to count twice",
  lazy: "computes nothing and signs what it made up",
  copying: "passes the question on to an honest worker and signs that one's answer as its own",
  equivocating: "signs the right answer in even seats and a wrong one in odd seats",
  replaying: "answers everything with its first receipt",
  "stale-key": "signs with a key that its record does not name",
  "wrong-engine": "signs that another engine ran",
  "wrong-model": "signs that another model ran",
  "small-order": "has a key of small order in its record, which no region keeps",
  flooding: "answers with bytes without end",
  hanging: "begins an answer and never ends it, a byte now and then",
  silent: "takes questions and never answers",
  slow: "answers after eight seconds",
} as const;
export type Vice = keyof typeof VICES;

/** Whether regions keep the record of a worker with this vice, so that it can be found and asked at all. */
export function isFound(vice: Vice | null): boolean {
  return vice !== "small-order";
}

export interface WorkerPlan {
  readonly name: string;
  /** Domain of the operator. `.example` is reserved (RFC 2606), so no real domain is claimed. */
  readonly operator: string;
  /** Declared, not real: every process of a local network runs on this machine. */
  readonly provider: string;
  readonly region: string;
  readonly vice: Vice | null;
}

const TREES = ["alder", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo", "hazel"] as const;
const PROVIDERS = ["meadow", "harbour", "summit", "delta"] as const;
const PLACES = ["eu-north", "us-west", "ap-south"] as const;
const REGIONS = ["north", "south", "east", "west"] as const;

/** Throws NetworkError vice_unknown. */
export function parseVice(text: string): Vice {
  if (Object.hasOwn(VICES, text)) return text as Vice;
  const known = Object.keys(VICES).join(", ");
  throw new NetworkError("vice_unknown", `there is no vice "${text}"; the cast knows ${known}`);
}

/**
 * `count` workers of as many operators, but for twins, who have the first twin's. The k-th member of the cast takes the
 * place of the k-th worker. Throws NetworkError cast_too_large, RangeError.
 */
export function planWorkers(count: number, cast: readonly Vice[]): WorkerPlan[] {
  if (!Number.isInteger(count) || count < 1 || count > TREES.length) {
    throw new RangeError(`count: a local network has 1 to ${TREES.length} workers, not ${count}`);
  }
  if (cast.length > count) {
    throw new NetworkError(
      "cast_too_large",
      `a cast of ${cast.length} does not fit in ${count} workers; cast fewer`,
    );
  }
  const firstTwin = TREES[cast.indexOf("twin")];
  return TREES.slice(0, count).map((name, index) => ({
    name,
    operator: `${cast[index] === "twin" ? firstTwin : name}.example`,
    provider: PROVIDERS[index % PROVIDERS.length]!,
    region: PLACES[index % PLACES.length]!,
    vice: cast[index] ?? null,
  }));
}

/** Names of the regions. Throws RangeError for a `count` that there are no names for. */
export function planRegions(count: number): readonly string[] {
  if (!Number.isInteger(count) || count < 1 || count > REGIONS.length) {
    throw new RangeError(`count: a local network has 1 to ${REGIONS.length} regions, not ${count}`);
  }
  return REGIONS.slice(0, count);
}
