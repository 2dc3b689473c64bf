// What this machine saw of operators, as a file in the state folder: read before anybody is asked, written after.
import {
  type AuditFinding,
  formatReputation,
  parseReputation,
  sightingsOfAudit,
} from "../../client/audits.ts";
import { type Reputation, rememberSightings, type Sighting, sightingsOf } from "../../client/index.ts";
import { isLocalTarget } from "../../protocol/names.ts";
import type { WorkerRecord } from "../../protocol/record.ts";
import { CliError } from "../errors.ts";
import { writeWholeFile } from "../files.ts";
import { REPUTATION_FILE, showPath } from "../state.ts";
import { readMemory } from "./memory.ts";

/** Empty where there is no file yet. Throws CliError file_unreadable. */
export function readReputation(): Promise<Reputation> {
  return readMemory(REPUTATION_FILE, parseReputation, (cause) => {
    throw new CliError(
      "file_unreadable",
      `${showPath(REPUTATION_FILE)} is damaged, and says whom not to ask; mend it, or remove it to forget whoever lied`,
      { cause },
    );
  });
}

/** Reads it anew, so that two commands at once lose little. Throws CliError file_unreadable, file_unwritable. */
export async function keepSightings(sightings: readonly Sighting[]): Promise<void> {
  if (sightings.length === 0) return;
  const next = rememberSightings(await readReputation(), sightings, Date.now());
  await writeWholeFile(REPUTATION_FILE, formatReputation(next));
}

/** What a question showed of whoever is not on this machine: what is, is the person's own network. */
export function sightingsOfOthers(answer: Parameters<typeof sightingsOf>[0]): Promise<Sighting[]> {
  const verdicts = answer.verdicts.filter(({ endpoint }) => !isLocalTarget(endpoint));
  return sightingsOf({ ...answer, verdicts });
}

/** What an audit showed, likewise. */
export async function sightingsOfAudited(record: WorkerRecord, finding: AuditFinding): Promise<Sighting[]> {
  return isLocalTarget(record.endpoints[0]!) ? [] : sightingsOfAudit(record, finding);
}
