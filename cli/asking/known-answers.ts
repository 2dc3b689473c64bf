// What is asked after a question is answered: now and then, as the policy's audit share says, one request more, whose
// answer this machine computes.
import { mixInKnownAnswer } from "../../client/audits.ts";
import { createSystemClock } from "../../client/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { CodedError } from "../../protocol/errors.ts";
import { findRecipe } from "../artifacts/artifacts.ts";
import { log } from "../output.ts";
import { showPath } from "../state.ts";
import { writeEvidence } from "./outcome.ts";
import { prepareProbes } from "./probes.ts";
import type { Circumstances } from "./question.ts";
import { keepSightings, readReputation, sightingsOfAudited } from "./reputation.ts";

/** One draw for each request. Whatever goes wrong is told and costs nothing: the question has its answer. */
export async function mixInKnownAnswers({ models, ...circumstances }: Circumstances): Promise<void> {
  const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
  const clock = createSystemClock();
  for (const model of models) {
    const inputs = async () => (await prepareProbes(findRecipe(model.manifest.name)))(random);
    try {
      const reputation = await readReputation(); // with what the question showed
      const asked = { ...circumstances, reputation, model: model.digest, rerun: model };
      const known = await mixInKnownAnswer({ ...asked, inputs, random, clock, fetch });
      if (known === null) continue;
      const { record, finding } = known;
      log(`asked ${record.record.operator} one more, whose answer this machine knows: ${finding.outcome}`);
      if (finding.outcome === "wrong") log(`evidence: ${showPath(await writeEvidence(finding.evidence))}`);
      await keepSightings(await sightingsOfAudited(record.record, finding));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log(`a request with a known answer was not asked: ${error.message} [${error.code}]`);
    }
  }
}
