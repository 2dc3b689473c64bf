// A worker that was no longer waited for: had it any reason not to have answered? docs/asking.md.

import type { ReportedVerdict } from "./answer.ts";

type Waiting = Pick<ReportedVerdict, "outcome" | "code" | "elapsedMs">;

/** An honest worker needs about as long as another. */
const SILENCE_FACTOR = 2;

/** Whether it was waited for more than twice as long as the slowest of those that were accepted needed. */
export function isSilent(verdict: Waiting, verdicts: readonly Waiting[]): boolean {
  if (verdict.code !== "cancelled") return false;
  const times = verdicts.filter(({ outcome }) => outcome === "agreed").map(({ elapsedMs }) => elapsedMs);
  return times.length > 0 && verdict.elapsedMs > SILENCE_FACTOR * Math.max(...times);
}
