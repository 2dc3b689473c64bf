// From verdicts to a decision: waits, asks more, and runs the request here where that decides. docs/protocol.md §14.

import type { SignedVerdict, Verdict } from "./ask.ts";
import type { Expectation } from "./check.ts";
import type { Course } from "./course.ts";
import { computeStatementDigest, findLazy, type LocalRerun } from "./rerun.ts";

/** What a question came to. */
export interface Decision {
  readonly verdicts: readonly Verdict[];
  readonly agreed: readonly SignedVerdict[]; // distinct operators behind one statement
  readonly dissent: readonly SignedVerdict[]; // who signed another
  readonly lazy: readonly SignedVerdict[] | null; // of the agreed, by an audit; null where there was none
}

/**
 * Runs the course to its end: enough signers and silence after them, or an error with all that is known. Throws
 * QuorumError, and whatever `rerun` throws.
 */
export async function decide(
  course: Course,
  local: {
    readonly expectation: Expectation;
    readonly rerun: LocalRerun | null;
    readonly auditDrawn: boolean;
  },
): Promise<Decision> {
  const { expectation, rerun, auditDrawn } = local;
  let lazy: readonly SignedVerdict[] | null = null;
  for (;;) {
    // Each turn reads the verdicts anew: more may have come while something was run here.
    const state = course.tally();
    if (state.status === "conflict" && rerun !== null && course.localStatement === null) {
      course.setLocalStatement(await computeStatementDigest(rerun, expectation)); // decides who lied, however many they are
      continue;
    }
    if (state.status === "agreed" && course.isSettled()) {
      if (!auditDrawn || rerun === null || lazy !== null) return { ...state, lazy, verdicts: course.close() };
      // An audit may overturn what all agreed on; then it goes on as any conflict does.
      if (course.localStatement === null)
        course.setLocalStatement(await computeStatementDigest(rerun, expectation));
      else lazy = await findLazy(rerun, expectation, state.agreed);
      continue;
    }
    course.askMore(state);
    if (course.isOver(state)) throw course.fail(state);
    await course.nextChange(state);
  }
}
