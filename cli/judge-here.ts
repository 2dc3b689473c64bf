// Evidence judged on this machine: the model that it names, on the engine that it names, run again.
import type { Model } from "../engine/index.ts";
import { ModelError } from "../models/errors.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { OpenedEvidence } from "../protocol/evidence.ts";
import { type Finding, type JudgeableEvidence, judgeEvidence, type Ruling } from "../protocol/judge.ts";
import { loadStated } from "./artifacts.ts";
import { UndecidedError } from "./errors.ts";

/** Throws UndecidedError where nothing can be said: evidence_closed, artifact_missing, engine_unknown, block_dependent. */
export function judgeHere(evidence: OpenedEvidence, scope: Finding["scope"]): Promise<Ruling> {
  return undecided(async () => judgeEvidence(requireOpening(evidence), await loadJudge(evidence), scope));
}

/** Throws UndecidedError evidence_closed. */
export function requireOpening({ sides, opening }: OpenedEvidence): JudgeableEvidence {
  if (opening !== null) return { sides, opening };
  throw new UndecidedError(
    "evidence_closed",
    "the evidence is closed, so nobody can compute who lied; ask whoever made it for the opened file",
  );
}

/** The model of the evidence. Throws as loadStated does. */
export function loadJudge({ sides }: OpenedEvidence): Promise<Model> {
  return loadStated(sides[0].receipt.statement);
}

/** What the engine or the artifacts cannot do here says nothing of who lied. */
export async function undecided<T>(decide: () => Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof InferenceError || error instanceof ModelError)) throw error;
    throw new UndecidedError(error.code, `nothing was decided: ${error.message}`, { cause: error });
  }
}
