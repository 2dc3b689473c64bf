// What all isolates of one worker share: the seeds of its sealing keys, and which messages it has taken. In memory here,
// for a worker that is one process; durable-objects/sealing-store.ts is the same for many isolates.

import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { MAX_CLAIMS, SEALING_KEY_BYTES, SEALING_PERIOD_MS } from "../../protocol/limits.ts";

/** Looking for claims that are over goes through all of them: not with every request. */
const SWEEP_INTERVAL_MS = 60_000;

/** What came of claiming a request: `full` says that no more can be remembered before some deadline has passed. */
export type Claim = "taken" | "replayed" | "full";

export interface SealingStore {
  /**
   * The seed of the sealing key of a period (of SEALING_PERIOD_MS, counted from 1970): the present one, and its
   * neighbours, since clocks differ. Made where it is not there yet; null for any other: older ones are gone.
   */
  seedOf(period: number): Promise<Bytes | null>;
  /** Notes a message by its name, until its deadline (unix ms). Only the first of a name is `taken`. */
  claim(name: Bytes, deadline: number): Promise<Claim>;
}

/** The period of a time in unix ms. */
export function sealingPeriod(at: number): number {
  return Math.floor(at / SEALING_PERIOD_MS);
}

/** Nothing of it outlives the process: a restart makes new keys, and a new record that names them. */
export function createMemorySealingStore(options: {
  /** Unix ms. */
  clock(): number;
  randomBytes(length: number): Bytes;
}): SealingStore {
  const seeds = new Map<number, Bytes>();
  const claims = new Map<string, number>(); // deadlines by name
  let swept = 0; // unix ms

  return {
    async seedOf(period) {
      const present = sealingPeriod(options.clock());
      for (const old of seeds.keys()) if (old < present - 1) seeds.delete(old);
      if (Math.abs(period - present) > 1) return null;
      const seed = seeds.get(period) ?? options.randomBytes(SEALING_KEY_BYTES);
      seeds.set(period, seed);
      return seed;
    },
    async claim(name, deadline) {
      const now = options.clock();
      const key = formatHex(name);
      const known = claims.get(key);
      if (known !== undefined && known > now) return "replayed";
      if (now - swept >= SWEEP_INTERVAL_MS || claims.size >= MAX_CLAIMS) {
        for (const [old, end] of claims) if (end <= now) claims.delete(old);
        swept = now;
      }
      if (claims.size >= MAX_CLAIMS) return "full";
      claims.set(key, deadline);
      return "taken";
    },
  };
}
