// Who answers and who lately does not: an unsteady operator changes places with the steady one behind it. It is one place
// at most, so whoever keeps others from answering gains one. docs/asking.md.

import type { Standing } from "./reputation.ts";

/** Refusals and failures in a row; one alone may be the asker's own network. */
const MISSES_OF_UNSTEADY = 2;

/** Asked lately and again, and did not answer. */
export function isUnsteady(standing: Standing | undefined): boolean {
  return standing !== undefined && standing.misses >= MISSES_OF_UNSTEADY;
}

/**
 * The last thing that was seen is an answer. Whoever was never asked is not, so new names gain nothing by others' misses.
 */
export function isSteady(standing: Standing | undefined): boolean {
  return standing !== undefined && standing.answers > 0 && standing.misses === 0;
}

/** From the first on, each unsteady one changes places with the next if that is steady, and nobody moves twice. */
export function putSteadyFirst<T>(order: readonly T[], standingOf: (each: T) => Standing | undefined): T[] {
  const moved = [...order];
  for (let place = 0; place + 1 < moved.length; place++) {
    const [one, next] = [moved[place]!, moved[place + 1]!];
    if (!isUnsteady(standingOf(one)) || !isSteady(standingOf(next))) continue;
    moved[place] = next;
    moved[++place] = one;
  }
  return moved;
}
