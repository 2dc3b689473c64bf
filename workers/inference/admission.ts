// What a worker takes on at once, whoever asks. All three bounds are known before anything runs, so no clock is read to
// find out whether the worker is late: on Cloudflare it would stand still.

import { MAX_CLOCK_SKEW_MS, MAX_DEADLINE_MS } from "../../protocol/limits.ts";
import { Allowance } from "./allowance.ts";
import { MAX_HELD_BODY_BYTES, MAX_HELD_OPERATIONS, MAX_HELD_REQUESTS } from "./limits.ts";

/** In the order in which a request takes its shares of them. */
export interface Admission {
  /** Bytes of bodies, as far as they have come, until they are answered. */
  readonly bodies: Allowance;
  /** Requests that run, or wait for a model or for the thread. */
  readonly requests: Allowance;
  /** Multiply-adds that they will take. */
  readonly operations: Allowance;
}

/** Nobody waits longer for an answer. */
const LAPSE_MS = MAX_DEADLINE_MS + MAX_CLOCK_SKEW_MS;

/** `clock` gives unix ms. */
export function createAdmission(clock: () => number): Admission {
  const allow = (of: string, total: number) => new Allowance({ of, total, lapseMs: LAPSE_MS, clock });
  return {
    bodies: allow("bytes of requests", MAX_HELD_BODY_BYTES),
    requests: allow("requests", MAX_HELD_REQUESTS),
    operations: allow("multiply-adds", MAX_HELD_OPERATIONS),
  };
}
