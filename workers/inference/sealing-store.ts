// What all isolates of one worker share: the seeds of its sealing keys, and which messages it has taken. In memory here,
// for a worker that is one process; durable-objects/sealing-store.ts is the same for many isolates.

import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { SEALING_KEY_BYTES, SEALING_PERIOD_MS } from "../../protocol/limits.ts";
import { createClaims } from "./claims.ts";

export interface SealingStore {
  /**
   * The seed of the sealing key of a period (of SEALING_PERIOD_MS, counted from 1970): the present one, and its
   * neighbours, since clocks differ. Made where it is not there yet; null for any other: older ones are gone.
   */
  seedOf(period: number): Promise<Bytes | null>;
  /**
   * Notes a message by its name until its deadline (unix ms), and says whether it is the first of that name: a name has
   * one deadline. Where MAX_CLAIMS are noted, one with the latest deadline is forgotten. Whoever floods the store needs
   * late deadlines to keep it full, and so loses its own first; with early ones it has to fill it within them.
   */
  claim(name: Bytes, deadline: number): Promise<boolean>;
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
  const claims = createClaims();

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
      claims.forget(options.clock());
      return claims.add(formatHex(name), deadline);
    },
  };
}
