// What a question or an audit showed of the operators that were asked, for rememberSightings.

import { type Bytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import { evidenceDigest, openEvidence } from "../protocol/evidence.ts";
import type { WorkerRecord } from "../protocol/record.ts";
import type { AuditReport, Conflict, ReportedVerdict } from "./answer.ts";
import type { AuditFinding } from "./audit.ts";
import type { Sighting } from "./reputation.ts";
import { isSilent } from "./silence.ts";

/**
 * Of an answer, or of a QuorumError, of which nothing was audited. `conflicts` and `audit` must be of this client's own
 * run; without `rerun` there are none: what others signed makes nobody a liar.
 */
export async function sightingsOf(answer: {
  readonly verdicts: readonly ReportedVerdict[];
  readonly conflicts: readonly Conflict[];
  readonly audit: AuditReport | null;
}): Promise<Sighting[]> {
  const sightings: Sighting[] = [];
  for (const verdict of answer.verdicts) {
    const { operator, operatorKey, workerKey } = verdict;
    const kind = isSilent(verdict, answer.verdicts) ? "failure" : kindOf(verdict);
    if (kind !== null) sightings.push({ operator, operatorKey, kind });
    for (const { evidence } of answer.conflicts.filter((each) => equalBytes(each.workerKey, workerKey)))
      sightings.push({ operator, operatorKey, kind: "lie", evidence: await nameEvidence(evidence) });
    if (answer.audit?.copied.some((each) => equalBytes(each.workerKey, workerKey)))
      sightings.push({ operator, operatorKey, kind: "copied" });
  }
  return sightings;
}

/** Of an audit of this record's worker. */
export async function sightingsOfAudit(
  { operator, operatorKey }: WorkerRecord,
  finding: AuditFinding,
): Promise<Sighting[]> {
  const who = { operator, operatorKey };
  switch (finding.outcome) {
    case "right":
      return [{ ...who, kind: "answer" }];
    case "copied":
      return [{ ...who, kind: "copied" }];
    case "wrong":
      return [{ ...who, kind: "lie", evidence: await nameEvidence(finding.evidence) }];
    case "failed": {
      const kind = kindOf(finding);
      return kind === null ? [] : [{ ...who, kind }];
    }
  }
}

/**
 * Codes that say nothing of the operator: it was no longer needed, the mistake is ours, or others could bring it about at
 * an honest one, who came to it first. An operator that hides behind the last two costs its asker a substitute at once,
 * and could as well answer every other time.
 */
const SAYS_NOTHING: ReadonlySet<ReportedVerdict["code"]> = new Set([
  "cancelled",
  "unexpected_error",
  "input_invalid",
  "request_replayed",
  "overloaded",
] as const);

/** Null for what says nothing of the operator. A problem document is `status_unexpected`: nobody signed it. */
function kindOf({
  outcome,
  code,
  refusal,
}: Pick<ReportedVerdict, "outcome" | "code" | "refusal">): "answer" | "refusal" | "failure" | null {
  if (outcome !== "failed") return "answer";
  if (SAYS_NOTHING.has(code)) return null;
  return refusal === null ? "failure" : "refusal";
}

/** Its digest in hex. */
async function nameEvidence(evidence: Bytes): Promise<string> {
  return formatHex(await evidenceDigest(await openEvidence(evidence)));
}
