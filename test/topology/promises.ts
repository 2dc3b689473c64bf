// What holds of every outcome, whoever sits on the committee: certificate files verify, nobody counts twice, and
// evidence is never against an honest one.

import assert from "node:assert/strict";
import { verifyCertificate, verifyEvidence } from "../../client/index.ts";
import { formatHex } from "../../protocol/bytes.ts";
import { openEvidence } from "../../protocol/evidence.ts";
import { judgeEvidence, requireOpening } from "../../protocol/judge.ts";
import { type Case, DEADLINE_MS, type Outcome, type Stage } from "./cast.ts";

/** By the clock of the test, so it is not the machine's. */
const SLACK_MS = 2_000;

/** The keys, in hex, of those whom a run of the evidence finds at fault. */
export async function checkPromises(
  { model }: Stage,
  { policy }: Case,
  { answer, evidence, verdicts, elapsedMs }: Outcome,
): Promise<ReadonlySet<string>> {
  assert.ok(elapsedMs < DEADLINE_MS + SLACK_MS, `it took ${elapsedMs} ms`);
  const honest = verdicts.filter(({ operator }) => operator.startsWith("honest"));
  for (const { outcome, code, detail } of honest)
    assert.ok(
      outcome !== "failed" || code === "cancelled" || code === "timed_out",
      `an honest one: ${code}, ${detail}`,
    );
  if (answer !== null) {
    const { outputs, signatures } = await verifyCertificate(answer.certificateFile, { policies: [policy] });
    assert.deepEqual(outputs, answer.outputs);
    for (const part of ["operator", "workerKey"] as const)
      assert.equal(new Set(signatures.map((signature) => String(signature[part]))).size, signatures.length);
    assert.ok(!answer.audit?.copied.some(({ operator }) => operator.startsWith("honest")));
  }
  const proved = new Set<string>();
  for (const bytes of evidence) {
    await verifyEvidence(bytes);
    const { sides, opening } = requireOpening(await openEvidence(bytes));
    const { atFault } = await judgeEvidence({ sides, opening }, model, "model");
    assert.ok(atFault.length > 0);
    for (const side of atFault) {
      assert.doesNotMatch(sides[side].signer.operator, /^honest/);
      proved.add(formatHex(sides[side].signer.workerKey));
    }
  }
  return proved;
}
