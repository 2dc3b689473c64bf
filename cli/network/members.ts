// Who takes part in a local network: names, operators, declared providers and places. Not keys, not ports.

import { NetworkError } from "./error.ts";

/** The vices a worker of the cast can have; workers/cast implements them. */
export const VICES = ["lying", "silent", "slow"] as const;
export type Vice = (typeof VICES)[number];

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
  const vice = VICES.find((known) => known === text);
  if (vice === undefined) {
    throw new NetworkError("vice_unknown", `there is no vice "${text}"; the cast knows ${VICES.join(", ")}`);
  }
  return vice;
}

/**
 * `count` workers of as many operators. The k-th member of the cast takes the place of the k-th worker. Throws
 * NetworkError cast_too_large, RangeError.
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
  return TREES.slice(0, count).map((name, index) => ({
    name,
    operator: `${name}.example`,
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
