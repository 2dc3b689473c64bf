// Waiting for what another process does, where it tells nobody.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

const POLL_INTERVAL_MS = 20;

/** Looks every 20 ms until `condition` holds; an AssertionError after `deadlineMs`. */
export async function waitUntil(condition: () => Promise<boolean>, deadlineMs: number): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  // The time is read first: what happened while the machine stood still is seen.
  for (let isOver = false; !(await condition()); await delay(POLL_INTERVAL_MS)) {
    assert.ok(!isOver, `it did not happen within ${deadlineMs} ms`);
    isOver = Date.now() >= deadline;
  }
}
