// What this machine saw of operators, as a file in the state folder: read before anybody is asked, written after.
import {
  type AuditFinding,
  type Conflict,
  formatReputation,
  isSilent,
  parseReputation,
  type ReportedVerdict,
  type Reputation,
  remember,
  type SeatFacts,
  type Sighting,
} from "../client/index.ts";
import { type Bytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import { DecodeError } from "../protocol/errors.ts";
import { evidenceDigest, openEvidence } from "../protocol/evidence.ts";
import { isLocalTarget } from "../protocol/names.ts";
import type { WorkerRecord } from "../protocol/record.ts";
import { CliError } from "./errors.ts";
import { readTextIfPresent, unreadable, writeWholeFile } from "./files.ts";
import { REPUTATION_FILE, showPath } from "./state.ts";

/** Empty where there is no file yet. Throws CliError file_unreadable. */
export async function readReputation(): Promise<Reputation> {
  const text = await readTextIfPresent(REPUTATION_FILE).catch((cause: unknown) => {
    throw unreadable(REPUTATION_FILE, cause);
  });
  if (text === null) return new Map();
  try {
    return parseReputation(text);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new CliError(
      "file_unreadable",
      `${showPath(REPUTATION_FILE)} is damaged, and says whom not to ask; mend it, or remove it to forget whoever lied`,
      { cause },
    );
  }
}

/** Reads it anew, so that two commands at once lose little. Throws CliError file_unreadable, file_unwritable. */
export async function keepSightings(sightings: readonly Sighting[]): Promise<void> {
  if (sightings.length === 0) return;
  const next = remember(await readReputation(), sightings, Date.now());
  await writeWholeFile(REPUTATION_FILE, formatReputation(next));
}

/**
 * What a question showed. `conflicts` and `lazy` must be of this machine's own run. Who was asked on this machine is the
 * person's own network, and not remembered.
 */
export async function sightingsOf(answer: {
  readonly verdicts: readonly ReportedVerdict[];
  readonly conflicts: readonly Conflict[];
  readonly lazy: readonly SeatFacts[];
}): Promise<Sighting[]> {
  const sightings: Sighting[] = [];
  for (const verdict of answer.verdicts.filter(({ endpoint }) => !isLocalTarget(endpoint))) {
    const { operator, operatorKey, workerKey } = verdict;
    const kind = kindOf(verdict, answer.verdicts);
    if (kind !== null) sightings.push({ operator, operatorKey, kind });
    for (const { evidence } of answer.conflicts.filter((each) => equalBytes(each.workerKey, workerKey)))
      sightings.push({ operator, operatorKey, kind: "lie", evidence: await nameEvidence(evidence) });
    if (answer.lazy.some((each) => equalBytes(each.workerKey, workerKey)))
      sightings.push({ operator, operatorKey, kind: "lazy" });
  }
  return sightings;
}

/** Null for what says nothing of the operator: it was no longer needed, or the mistake is ours. */
function kindOf(
  verdict: ReportedVerdict,
  verdicts: readonly ReportedVerdict[],
): "answer" | "refusal" | "failure" | null {
  const { outcome, code, refusal } = verdict;
  if (outcome !== "failed") return "answer";
  if (code === "cancelled") return isSilent(verdict, verdicts) ? "failure" : null;
  if (code === "unexpected_error" || code === "input_invalid") return null;
  return refusal === null ? "failure" : "refusal";
}

/** What an audit showed, likewise. */
export async function sightingOf(
  { operator, operatorKey, endpoints }: WorkerRecord,
  finding: AuditFinding,
): Promise<Sighting[]> {
  if (isLocalTarget(endpoints[0]!)) return [];
  const who = { operator, operatorKey };
  switch (finding.outcome) {
    case "right":
      return [{ ...who, kind: "answer" }];
    case "lazy":
      return [{ ...who, kind: "lazy" }];
    case "wrong":
      return [{ ...who, kind: "lie", evidence: await nameEvidence(finding.evidence) }];
    case "failed":
      return [{ ...who, kind: finding.refusal === null ? "failure" : "refusal" }];
  }
}

/** Its digest in hex. */
async function nameEvidence(evidence: Bytes): Promise<string> {
  return formatHex(await evidenceDigest(await openEvidence(evidence)));
}
