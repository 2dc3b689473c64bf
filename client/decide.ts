// From verdicts to a decision: runs the request here where it can, else asks more workers, else a referee.
// docs/asking.md.

import type { Bytes } from "../protocol/bytes.ts";
import type { Testimony } from "./answer.ts";
import type { SignedVerdict, Verdict } from "./ask.ts";
import type { Expectation } from "./check.ts";
import type { Course } from "./course.ts";
import type { Judged } from "./referee.ts";
import { findCopied, type LocalRerun, type OwnRun, rerunRequest } from "./rerun.ts";

/** What a question came to. */
export interface Decision {
  readonly verdicts: readonly Verdict[];
  readonly agreed: readonly SignedVerdict[]; // distinct operators behind one statement
  readonly dissent: readonly SignedVerdict[]; // who signed another
  readonly copied: readonly SignedVerdict[] | null; // of the agreed, by an audit; null where there was none
  readonly faultProofs: readonly Bytes[]; // by a referee, where one was asked
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
    /** Has two that contradict each other judged; null where nobody judges. Never throws. */
    readonly judge: (a: SignedVerdict, b: SignedVerdict) => Promise<Judged | null>;
    /** Signs what the local run found: against those that lied, where nobody else signed it. */
    readonly countersign: (own: OwnRun) => Promise<Testimony>;
  },
): Promise<Decision> {
  const { expectation, rerun, auditDrawn, judge, countersign } = local;
  let own: OwnRun | null = null;
  let isJudged = false;
  let copied: readonly SignedVerdict[] | null = null;
  for (;;) {
    // Each turn reads the verdicts anew: more may have come while something was run here.
    const state = course.observe();
    if (state.status === "conflict" && rerun !== null && own === null) {
      own = await rerunRequest(rerun, expectation);
      course.setLocalStatement(own.statementDigest); // decides who lied, however many they are
      continue;
    }
    course.askMore(state);
    if (state.status === "agreed" && course.isSettled()) {
      if (!auditDrawn || rerun === null || copied !== null)
        return { ...state, copied, faultProofs: course.faultProofs, verdicts: course.close() };
      // An audit may overturn what all agreed on; then it goes on as any conflict does.
      if (own === null) {
        own = await rerunRequest(rerun, expectation);
        course.setLocalStatement(own.statementDigest);
      } else copied = await findCopied(own, state.agreed);
      continue;
    }
    if (state.status === "conflict" && course.isStuck() && !isJudged) {
      isJudged = true;
      const [[a], [b]] = state.classes as [readonly SignedVerdict[], readonly SignedVerdict[]];
      const judged = await judge(a!, b!);
      if (judged !== null) course.setJudged(judged);
      continue;
    }
    if (course.isOver(state)) throw await course.fail(state, () => countersign(own!));
    await course.nextChange(state);
  }
}
