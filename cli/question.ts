// One question from this machine: a picture goes to a committee, and what comes back is written down and told.
import { join } from "node:path";
import {
  type Answer,
  askQuorum,
  createSystemClock,
  fetchDirectory,
  QuorumError,
  type ReportedVerdict,
} from "../client/index.ts";
import { type Bytes, formatHex } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import type { PolicyName } from "../protocol/policy.ts";
import type { Classification } from "../tasks/classification.ts";
import type { Task } from "../tasks/tasks.ts";
import { findEntry, loadArtifact, readEngineDigest } from "./artifacts.ts";
import { writeWholeFile } from "./files.ts";
import { readGivenImage } from "./given.ts";
import { formatMilliseconds, log, print, printAnswer } from "./output.ts";
import { CERTIFICATES_FOLDER, EVIDENCE_FOLDER, showPath } from "./state.ts";

/** A region that does not answer in this time is left out; the others make up for it. */
const DIRECTORY_DEADLINE_MS = 3000;
/** How long to listen for contradiction once enough agree: several times what an honest worker needs. */
const SETTLE_MS = 1500;

export interface QuestionOptions {
  readonly task: Task;
  readonly model: string;
  /** Path of a JPEG picture. */
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
  readonly answer: Classification;
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
  /** Whose signed answer is right although they cannot have computed it: what an audit found. */
  readonly lazy: readonly string[];
  readonly verdicts: readonly ReportedVerdict[];
  readonly elapsedMs: number;
}

/** Throws TaskError, TransportError, PolicyError, QuorumError (after writing its evidence), CliError. */
export async function ask(question: QuestionOptions): Promise<Outcome> {
  const image = await readGivenImage(question.image);
  const local = await loadArtifact(findEntry(question.model), "simd128");
  const engine = await readEngineDigest();
  const clock = createSystemClock();
  const { regions } = question;
  const directory = await fetchDirectory({ regions, fetch, clock, deadlineMs: DIRECTORY_DEADLINE_MS });
  for (const report of directory.regions) {
    if (report.outcome === "failed") {
      log(`region ${report.region} did not answer; using the others [${report.code}]`);
    } else if (report.unchecked > 0) {
      log(`${report.unchecked} records of region ${report.region} were not checked in time and are not used`);
    }
  }
  for (const { region, code, detail } of directory.refused) {
    log(`a record of region ${region} is not used: ${detail} [${code}]`);
  }
  const answer = await askQuorum({
    policy: question.policy,
    records: directory.records,
    model: local.digest,
    engine,
    inputs: question.task.encode(image),
    deadlineMs: question.deadlineMs,
    settleMs: Math.min(SETTLE_MS, question.deadlineMs),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    clock,
    fetch,
    rerun: local,
  }).catch(async (error: unknown) => {
    if (error instanceof QuorumError) {
      for (const evidence of error.evidence) log(`evidence: ${showPath(await writeEvidence(evidence))}`);
    }
    throw error;
  });
  return saveAnswer(question, answer, { model: local.digest, engine });
}

async function saveAnswer(
  question: QuestionOptions,
  answer: Answer,
  digests: { model: Bytes; engine: Bytes },
): Promise<Outcome> {
  const name = `${await shortName(answer.bundle)}.qc`;
  const certificate = question.out ?? join(CERTIFICATES_FOLDER, name);
  await writeWholeFile(certificate, answer.bundle);
  const conflicts = [];
  for (const { operator, evidence } of answer.conflicts) {
    conflicts.push({ operator, evidence: await writeEvidence(evidence) });
  }
  const agreed = answer.verdicts.filter((verdict) => verdict.outcome === "agreed");
  return {
    task: question.task.name,
    answer: question.task.decode(answer.outputs),
    policy: question.policy,
    asked: answer.asked,
    agreed: answer.agreed,
    operators: agreed.map(({ operator }) => operator),
    model: formatHex(digests.model),
    engine: formatHex(digests.engine),
    certificate,
    conflicts,
    lazy: answer.audit?.lazy.map(({ operator }) => operator) ?? [],
    verdicts: answer.verdicts,
    elapsedMs: answer.elapsedMs,
  };
}

async function writeEvidence(evidence: Bytes): Promise<string> {
  const path = join(EVIDENCE_FOLDER, `${await shortName(evidence)}.evidence`);
  await writeWholeFile(path, evidence);
  return path;
}

/** 16 hex digits of the file's digest: no two files of one machine meet. */
async function shortName(bytes: Bytes): Promise<string> {
  return formatHex(await digestRaw(bytes)).slice(0, 16);
}

export function printOutcome(outcome: Outcome): void {
  printAnswer(outcome.answer);
  print();
  const summary = `${outcome.agreed} of ${outcome.asked} operators signed the same bytes`;
  print(`${outcome.policy}: ${summary}, in ${formatMilliseconds(outcome.elapsedMs)}`);
  for (const verdict of outcome.verdicts) print(`  ${formatVerdict(verdict)}`);
  for (const { operator, evidence } of outcome.conflicts) {
    print(`${operator} signed another answer; this machine computed the one above`);
    print(`evidence against ${operator}: ${showPath(evidence)}`);
  }
  for (const operator of outcome.lazy) print(`${operator} signed the right answer, but did not compute it`);
  print();
  print(`model        ${outcome.model}`);
  print(`engine       ${outcome.engine}`);
  print(`certificate  ${showPath(outcome.certificate)}`);
}

function formatVerdict({ outcome, operator, provider, elapsedMs, code }: ReportedVerdict): string {
  const worker = `${operator.padEnd(16)} ${provider.padEnd(10)} ${formatMilliseconds(elapsedMs).padStart(7)}`;
  if (outcome === "agreed") return `✔ signed  ${worker}`;
  if (outcome === "conflicting") return `✘ LIED    ${worker}`;
  if (outcome === "signed") return `· signed  ${worker}`;
  if (code === "cancelled") return `– silent  ${worker}  no answer yet, and enough others agreed`;
  if (code === "timed_out") return `– silent  ${worker}  no answer before the deadline`;
  return `✘ failed  ${worker}  ${code}`;
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
