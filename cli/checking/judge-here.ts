// Evidence judged on this machine: the model that it names, on the engine that it names, run again.
import type { Model } from "../../engine/index.ts";
import { ModelError } from "../../models/errors.ts";
import { InferenceError, JudgeError } from "../../protocol/errors.ts";
import type { OpenedEvidence } from "../../protocol/evidence.ts";
import { type Finding, judgeEvidence, type Ruling, requireOpening } from "../../protocol/judge.ts";
import { loadStated } from "../artifacts/artifacts.ts";
import { UndecidedError } from "../errors.ts";

/**
 * `path` is of the file. Throws UndecidedError where nothing can be said: evidence_closed, artifact_missing,
 * engine_unknown, block_dependent.
 */
export function judgeHere(path: string, evidence: OpenedEvidence, scope: Finding["scope"]): Promise<Ruling> {
  return undecided(path, async () =>
    judgeEvidence(requireOpening(evidence), await loadJudge(evidence), scope),
  );
}

/** The model of the evidence. Throws as loadStated does. */
export function loadJudge({ sides }: OpenedEvidence): Promise<Model> {
  return loadStated(sides[0].receipt.statement);
}

/** What engine, artifacts or file do not allow here says nothing of who lied. */
export async function undecided<T>(path: string, decide: () => Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    if (!(error instanceof InferenceError || error instanceof ModelError || error instanceof JudgeError))
      throw error;
    throw new UndecidedError(error.code, `${path}: nothing was decided: ${error.message}`, { cause: error });
  }
}
