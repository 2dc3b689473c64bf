// In which order listed records are verified, where there may not be time for all of them. Chance decides, and each
// operator has one turn before any has a second, so neither where a record stands in a list nor how many an operator has
// brings it forward.

import type { Bytes } from "../protocol/bytes.ts";
import { drawBelow } from "./question.ts";

/** A permutation of `items`. `operatorOf` is what they claim: nothing is verified yet. */
export function drawVerificationOrder<T>(
  items: readonly T[],
  operatorOf: (item: T) => string,
  random: (length: number) => Bytes,
): T[] {
  const operators = [...Map.groupBy(items, operatorOf).values()];
  const drawn = shuffle(operators, random).map((own) => shuffle(own, random));
  const turns = drawn.flatMap((own) => own.map((item, turn) => ({ item, turn })));
  return turns.sort((a, b) => a.turn - b.turn).map(({ item }) => item);
}

/** Fisher and Yates: every order as often as any other. */
function shuffle<T>(items: readonly T[], random: (length: number) => Bytes): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const chosen = drawBelow(last + 1, random);
    const kept = shuffled[last]!;
    shuffled[last] = shuffled[chosen]!;
    shuffled[chosen] = kept;
  }
  return shuffled;
}
