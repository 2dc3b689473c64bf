// One question from this machine: a picture goes to a committee, and what comes back is written down and told.
import { join } from "node:path";
import {
  type Answer,
  askQuorum,
  createSystemClock,
  fetchDirectory,
  QuorumError,
  type RegionReport,
  type ReportedVerdict,
} from "../client/index.ts";
import { type Bytes, formatHex } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import type { PolicyName } from "../protocol/policy.ts";
import { decodeJpeg, MAX_IMAGE_BYTES } from "../tasks/jpeg.ts";
import { decodeModerate, encodeModerate, type ModerateAnswer } from "../tasks/moderate.ts";
import { findEntry, openArtifact, readEngineDigest } from "./artifacts.ts";
import { readGivenFile, writeWholeFile } from "./files.ts";
import { formatMilliseconds, formatPercent, log, print } from "./output.ts";
import { CERTIFICATES_FOLDER, EVIDENCE_FOLDER } from "./state.ts";

/** A region that does not answer in this time is left out; the others make up for it. */
const DIRECTORY_DEADLINE_MS = 3000;
/** How long to listen for contradiction once enough agree: several times what an honest worker needs. */
const SETTLE_MS = 1500;

export interface Question {
  readonly task: string;
  readonly model: string;
  readonly image: string;
  readonly policy: PolicyName;
  readonly deadlineMs: number;
  /** Origins. */
  readonly regions: readonly string[];
  /** Where the certificate goes; a name of its own under the state folder where this is null. */
  readonly out: string | null;
}

/** What `--json` prints, field by field. */
export interface Outcome {
  readonly task: string;
  readonly answer: ModerateAnswer;
  readonly policy: PolicyName;
  readonly asked: number;
  readonly agreed: number;
  /** Domains of those who signed the answer. */
  readonly operators: readonly string[];
  readonly model: string;
  readonly engine: string;
  /** Path of the certificate file. */
  readonly certificate: string;
  /** Who signed something else, and the path of the proof. */
  readonly conflicts: readonly { readonly operator: string; readonly evidence: string }[];
  readonly verdicts: readonly ReportedVerdict[];
  readonly elapsedMs: number;
}

/** Throws TaskError, TransportError, PolicyError, QuorumError (after writing its evidence), CliError. */
export async function ask(question: Question): Promise<Outcome> {
  const image = decodeJpeg(await readGivenFile(question.image, MAX_IMAGE_BYTES));
  const [local, engine] = await Promise.all([
    openArtifact(findEntry(question.model), "simd128"),
    readEngineDigest(),
  ]);
  const clock = createSystemClock();
  const directory = await fetchDirectory({
    regions: question.regions,
    fetch,
    clock,
    deadlineMs: DIRECTORY_DEADLINE_MS,
  });
  for (const region of directory.regions) warnOfRegion(region);
  const answer = await askQuorum({
    policy: question.policy,
    records: directory.records,
    model: local.digest,
    engine,
    inputs: [encodeModerate(image)],
    deadlineMs: question.deadlineMs,
    settleMs: Math.min(SETTLE_MS, question.deadlineMs),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    clock,
    fetch,
    rerun: local,
  }).catch(async (error: unknown) => {
    if (error instanceof QuorumError)
      for (const evidence of error.evidence) log(`evidence: ${await writeEvidence(evidence)}`);
    throw error;
  });
  return record(question, answer, { model: local.digest, engine });
}

function warnOfRegion(report: RegionReport): void {
  if (report.outcome === "failed")
    log(`region ${report.region} did not answer (${report.code}); using the others`);
}

async function record(
  question: Question,
  answer: Answer,
  digests: { model: Bytes; engine: Bytes },
): Promise<Outcome> {
  const name = `${formatHex(await digestRaw(answer.bundle)).slice(0, 16)}.qc`;
  const certificate = question.out ?? join(CERTIFICATES_FOLDER, name);
  await writeWholeFile(certificate, answer.bundle);
  const conflicts = [];
  for (const { operator, evidence } of answer.conflicts) {
    conflicts.push({ operator, evidence: await writeEvidence(evidence) });
  }
  const agreed = answer.verdicts.filter((verdict) => verdict.outcome === "agreed");
  return {
    task: question.task,
    answer: decodeModerate(answer.outputs),
    policy: question.policy,
    asked: answer.asked,
    agreed: answer.agreed,
    operators: agreed.map(({ operator }) => operator),
    model: formatHex(digests.model),
    engine: formatHex(digests.engine),
    certificate,
    conflicts,
    verdicts: answer.verdicts,
    elapsedMs: answer.elapsedMs,
  };
}

async function writeEvidence(evidence: Bytes): Promise<string> {
  const path = join(EVIDENCE_FOLDER, `${formatHex(await digestRaw(evidence)).slice(0, 16)}.evidence`);
  await writeWholeFile(path, evidence);
  return path;
}

export function printOutcome(outcome: Outcome): void {
  const { answer, conflicts } = outcome;
  print(`${answer.label}, ${formatPercent(answer.probabilities[answer.label])}`);
  for (const [label, probability] of Object.entries(answer.probabilities)) {
    print(
      `  ${label.padEnd(8)} ${formatPercent(probability).padStart(7)}  ${"█".repeat(Math.round(probability * 40))}`,
    );
  }
  print();
  const summary = `${outcome.agreed} of ${outcome.asked} operators signed the same bytes`;
  print(`${outcome.policy}: ${summary}, in ${formatMilliseconds(outcome.elapsedMs)}`);
  for (const verdict of outcome.verdicts) print(`  ${formatVerdict(verdict)}`);
  for (const { operator, evidence } of conflicts)
    print(`  ${operator} signed another answer; evidence: ${evidence}`);
  print();
  print(`model        ${outcome.model}`);
  print(`engine       ${outcome.engine}`);
  print(`certificate  ${outcome.certificate}`);
}

const MARKS = { agreed: "✔ signed", conflicting: "✘ LIED", signed: "· signed", failed: "✘ failed" } as const;

function formatVerdict({ outcome, operator, provider, elapsedMs, code }: ReportedVerdict): string {
  const reason = code === null ? "" : `  ${code}`;
  return `${MARKS[outcome].padEnd(9)} ${operator.padEnd(16)} ${provider.padEnd(10)} ${formatMilliseconds(elapsedMs).padStart(7)}${reason}`;
}

/** What `--json` prints: without the verdicts' keys and details, which the certificate file has. */
export function summarizeOutcome({ verdicts, ...outcome }: Outcome): object {
  const summary = verdicts.map(({ operator, outcome: result, code, elapsedMs }) => ({
    operator,
    outcome: result,
    code,
    elapsedMs,
  }));
  return { ...outcome, verdicts: summary };
}
