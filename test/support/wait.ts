// Waiting for what another process does, where it tells nobody.

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

const POLL_INTERVAL_MS = 20;

/** Looks every 20 ms until `condition` holds; an AssertionError after `deadlineMs`. */
export async function waitUntil(condition: () => Promise<boolean>, deadlineMs: number): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `it did not happen within ${deadlineMs} ms`);
    await delay(POLL_INTERVAL_MS);
  }
}
