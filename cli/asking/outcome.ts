// What came of a question: its certificates and evidence as files, and the outcome in words and as JSON.
import { join, parse } from "node:path";
import type { Answer, ReportedVerdict } from "../../client/index.ts";
import type { Model } from "../../engine/index.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { formatReference, type Policy } from "../../protocol/policy.ts";
import type { AnyTask, TaskAnswer } from "../../tasks/tasks.ts";
import { CliError } from "../errors.ts";
import { writePrivateFile, writeWholeFile } from "../files.ts";
import { formatMilliseconds, print, printAnswer } from "../output.ts";
import { CERTIFICATES_FOLDER, EVIDENCE_FOLDER, showPath } from "../state.ts";

/** One request of a task to a committee. */
export interface Request {
  readonly local: Model;
  readonly answer: Answer;
}

/** What `--json` prints, field by field. A task may make several requests, each with a certificate. */
export interface Outcome {
  readonly task: string;
  readonly answer: TaskAnswer;
  /** A name, or the digest of one from a file in hex. */
  readonly policy: string;
  /** Of the request that the fewest were asked. */
  readonly asked: number;
  /** Of the request on which the fewest agreed. */
  readonly agreed: number;
  /** Domains of those who signed the answer: all of them signed every request's. */
  readonly operators: readonly string[];
  /** Of the first request. */
  readonly model: string;
  readonly engine: string;
  /** Path of the first request's certificate file. */
  readonly certificate: string;
  /** Every request, in the order in which the task made them. */
  readonly requests: readonly RequestOutcome[];
  /** Who signed something else, and the path of the proof. */
  readonly conflicts: readonly { readonly operator: string; readonly evidence: string }[];
  /** Whose signed answer is right although they cannot have computed it: what an audit found. */
  readonly copied: readonly string[];
  readonly verdicts: readonly ReportedVerdict[];
  readonly elapsedMs: number;
}

interface RequestOutcome {
  readonly model: string;
  readonly certificate: string;
  readonly asked: number;
  readonly agreed: number;
  readonly operators: readonly string[];
  readonly elapsedMs: number;
}

/** Writes the certificates and the evidence. Throws CliError nothing_asked, file_unwritable. */
export async function saveAnswer(
  { task, policy, out }: { readonly task: AnyTask; readonly policy: Policy; readonly out: string | null },
  answer: TaskAnswer,
  requests: readonly Request[],
  { engine, elapsedMs }: { engine: Bytes; elapsedMs: number },
): Promise<Outcome> {
  const saved: RequestOutcome[] = [];
  const conflicts = [];
  for (const [index, { local, answer: signed }] of requests.entries()) {
    const name = `${await shortName(signed.certificateFile)}.qc`;
    const certificate = out === null ? join(CERTIFICATES_FOLDER, name) : numberPath(out, index + 1);
    await writeWholeFile(certificate, signed.certificateFile);
    for (const { operator, evidence } of signed.conflicts) {
      conflicts.push({ operator, evidence: await writeEvidence(evidence) });
    }
    const agreed = signed.verdicts.filter((verdict) => verdict.outcome === "agreed");
    saved.push({
      model: formatHex(local.digest),
      certificate,
      asked: signed.asked,
      agreed: signed.agreed,
      operators: agreed.map(({ operator }) => operator),
      elapsedMs: signed.elapsedMs,
    });
  }
  const [first] = saved;
  if (first === undefined)
    throw new CliError("nothing_asked", `${task.name} had nothing to ask about this input; give another`);
  return {
    task: task.name,
    answer,
    policy: formatReference(policy.reference),
    asked: Math.min(...saved.map(({ asked }) => asked)),
    agreed: Math.min(...saved.map(({ agreed }) => agreed)),
    operators: first.operators.filter((operator) =>
      saved.every(({ operators }) => operators.includes(operator)),
    ),
    model: first.model,
    engine: formatHex(engine),
    certificate: first.certificate,
    requests: saved,
    conflicts,
    copied: [
      ...new Set(
        requests.flatMap(({ answer: { audit } }) => audit?.copied.map(({ operator }) => operator) ?? []),
      ),
    ],
    verdicts: requests.flatMap((request) => request.answer.verdicts),
    elapsedMs,
  };
}

/** The first request's certificate has the name that was given: `a.qc`, then `a.2.qc`, `a.3.qc`. */
export function numberPath(path: string, number: number): string {
  if (number === 1) return path;
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}.${number}${ext}`);
}

/** The path under which it was written: its digest's. Throws CliError file_unwritable. */
export async function writeEvidence(evidence: Bytes): Promise<string> {
  const path = join(EVIDENCE_FOLDER, `${await shortName(evidence)}.evidence`);
  await writePrivateFile(path, evidence);
  return path;
}

/** 16 hex digits of the file's digest: no two files of one machine meet. */
async function shortName(bytes: Bytes): Promise<string> {
  return formatHex(await digestRaw(bytes)).slice(0, 16);
}

/** The answer, who signed it, who did not, and where the files are. */
export function printOutcome(outcome: Outcome, { title }: Policy): void {
  printAnswer(outcome.answer);
  print();
  const { length } = outcome.requests;
  print(`${title}: ${summarize(outcome)}, in ${formatMilliseconds(outcome.elapsedMs)}`);
  if (length > 1) print(`  ✔ signed  ${countSigned(outcome.requests).join(", ")}`);
  const shown = length > 1 ? outcome.verdicts.filter(isNoteworthy) : outcome.verdicts;
  if (shown.length > 0)
    print(`  ${" ".repeat("✔ signed".length)}  ${formatRow("operator", "provider", "time")}`);
  for (const verdict of shown) print(`  ${formatVerdict(verdict)}`);
  for (const { operator, evidence } of outcome.conflicts) {
    print(`${operator} signed another answer; this machine computed the one above`);
    print(`evidence against ${operator}: ${showPath(evidence)}`);
  }
  for (const operator of outcome.copied) print(`${operator} signed the right answer, but did not compute it`);
  print();
  for (const model of new Set(outcome.requests.map((request) => request.model)))
    print(`model        ${model}`);
  print(`engine       ${outcome.engine}`);
  for (const { certificate } of outcome.requests) print(`certificate  ${showPath(certificate)}`);
}

function summarize({ requests, agreed, asked }: Outcome): string {
  const signed = `${agreed} of ${asked} operators signed the same bytes`;
  if (requests.length === 1) return signed;
  const isEqual = requests.every((each) => each.agreed === agreed && each.asked === asked);
  return `${isEqual ? "" : "at least "}${signed} in each of ${requests.length} requests`;
}

/** Every operator that signed, with how many of the requests; committees are drawn for each. */
function countSigned(requests: readonly RequestOutcome[]): string[] {
  const all = requests.flatMap(({ operators }) => operators);
  return [...new Set(all)].sort().map((name) => `${name} ${all.filter((each) => each === name).length}×`);
}

/** Of many requests, the ordinary is not told. */
function isNoteworthy({ outcome, code }: ReportedVerdict): boolean {
  return outcome === "conflicting" || (outcome === "failed" && code !== "cancelled");
}

function formatVerdict({ outcome, operator, provider, elapsedMs, code }: ReportedVerdict): string {
  const worker = formatRow(operator, provider, formatMilliseconds(elapsedMs));
  if (outcome === "agreed") return `✔ signed  ${worker}`;
  if (outcome === "conflicting") return `✘ LIED    ${worker}`;
  if (outcome === "signed") return `· signed  ${worker}`;
  if (code === "cancelled") return `– late    ${worker}  no answer yet, and enough others agreed`;
  if (code === "timed_out") return `– silent  ${worker}  no answer before the deadline`;
  return `✘ failed  ${worker}  ${code}`;
}

/** What is behind the mark of a verdict; the heading too. */
function formatRow(operator: string, provider: string, time: string): string {
  return `${operator.padEnd(16)} ${provider.padEnd(10)} ${time.padStart(7)}`;
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
