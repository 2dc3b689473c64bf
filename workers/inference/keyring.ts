// The worker's sealing keys by time. The key of a period is named by the records that are issued in it, and opens for one
// period more: records live no longer than that, so what a live record names can always be opened.

import { type Bytes, equalBytes } from "../../protocol/bytes.ts";
import { SealingError } from "../../protocol/errors.ts";
import { SEALING_PERIOD_MS } from "../../protocol/limits.ts";
import { createSealingKeyPair, type SealingKeyPair } from "../../protocol/sealing.ts";
import { type SealingStore, sealingPeriod } from "./sealing-store.ts";

export interface Keyring {
  /** The public key for a record that is issued at unix ms `at`. TypeError for a time whose key is gone. */
  publicKey(at: number): Promise<Bytes>;
  /**
   * The pair that a message was sealed to, at unix ms `now`, and when it opens no more. Throws SealingError
   * sealing_key_unknown.
   */
  find(
    publicKey: Bytes,
    now: number,
  ): Promise<{ readonly pair: SealingKeyPair; readonly opensUntil: number }>;
}

/** Asks the store once for each period, and forgets what it forgets. */
export function createKeyring(store: Pick<SealingStore, "seedOf">): Keyring {
  // Only finished pairs are kept: on workerd a pending promise belongs to the request that made it.
  const pairs = new Map<number, SealingKeyPair>();

  const forget = (present: number): void => {
    for (const period of pairs.keys()) if (period < present - 1) pairs.delete(period);
  };
  const pairOf = async (period: number): Promise<SealingKeyPair | null> => {
    const known = pairs.get(period);
    if (known !== undefined) return known;
    const seed = await store.seedOf(period);
    if (seed === null) return null;
    const pair = await createSealingKeyPair(seed);
    pairs.set(period, pair);
    return pair;
  };

  return {
    async publicKey(at) {
      // Also where nobody asks anything: a record is signed twice a day.
      forget(sealingPeriod(at));
      const pair = await pairOf(sealingPeriod(at));
      if (pair === null)
        throw new TypeError("the sealing key of this time is gone; check the worker's clock");
      return pair.publicKey;
    },
    async find(publicKey, now) {
      const present = sealingPeriod(now);
      forget(present);
      for (const period of [present, present - 1]) {
        const pair = await pairOf(period);
        if (pair !== null && equalBytes(pair.publicKey, publicKey))
          return { pair, opensUntil: (period + 2) * SEALING_PERIOD_MS };
      }
      throw new SealingError(
        "sealing_key_unknown",
        "this worker has no such sealing key, or no longer; seal to the one in its present record",
      );
    },
  };
}
