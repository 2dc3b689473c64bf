// One question from this machine: a task's requests go to committees, and what comes back is written down and told.
import { join, parse } from "node:path";
import {
  type Answer,
  askQuorum,
  type Clock,
  createSystemClock,
  type Directory,
  fetchDirectory,
  QuorumError,
  type ReportedVerdict,
  withoutExcluded,
} from "../client/index.ts";
import type { Model } from "../engine/index.ts";
import { type Bytes, formatHex } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import { formatReference, type Policy } from "../protocol/policy.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import type { Tensor } from "../protocol/tensor.ts";
import type { AnyTask, TaskAnswer } from "../tasks/tasks.ts";
import { readEngineDigest } from "./artifacts.ts";
import { CliError } from "./errors.ts";
import { writeWholeFile } from "./files.ts";
import type { Inquiry } from "./input.ts";
import { keepLatencies, readLatencies } from "./latencies.ts";
import type { LocalModels } from "./local.ts";
import { formatMilliseconds, log, print, printAnswer } from "./output.ts";
import { keepSightings, readReputation, sightingsOfOthers } from "./reputation.ts";
import { CERTIFICATES_FOLDER, EVIDENCE_FOLDER, REPUTATION_FILE, showPath } from "./state.ts";

/** A region that does not answer in this time is left out; the others make up for it. */
const DIRECTORY_DEADLINE_MS = 3000;
/** How long to listen for contradiction once enough agree: several times what an honest worker needs. */
const SETTLE_MS = 1500;

export interface QuestionOptions {
  readonly task: AnyTask;
  /** The task with its input. */
  readonly inquiry: Inquiry;
  readonly models: LocalModels;
  readonly policy: Policy;
  /** Whether one seat goes to whoever answered quickest before. */
  readonly near: boolean;
  readonly deadlineMs: number;
  /** Origins. */
  readonly regions: readonly string[];
  /** Where the certificates go; names of their own under the state folder where this is null. */
  readonly out: string | null;
}

/** What a question was asked with. */
export interface Circumstances {
  readonly policy: Policy;
  readonly records: readonly OpenedRecord[];
  readonly engine: Bytes; // digest
  readonly deadlineMs: number;
  readonly models: readonly Model[]; // of each of its requests
}

/** One request of a task to a committee. */
interface Request {
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
  readonly lazy: readonly string[];
  readonly verdicts: readonly ReportedVerdict[];
  readonly elapsedMs: number;
}

export interface RequestOutcome {
  readonly model: string;
  readonly certificate: string;
  readonly asked: number;
  readonly agreed: number;
  readonly operators: readonly string[];
  readonly elapsedMs: number;
}

/** Throws TaskError, TransportError, PolicyError, QuorumError (after writing its evidence), ModelError, CliError. */
export async function ask(
  question: QuestionOptions,
): Promise<{ readonly outcome: Outcome; readonly circumstances: Circumstances }> {
  const { models } = question;
  // What is not built here is noticed before anybody is looked for.
  for (const model of question.task.models) await models.open(model);
  const engine = await readEngineDigest();
  const clock = createSystemClock();
  const reputation = await readReputation();
  const near = question.near ? await readLatencies() : null;
  const listed = await findRecords(question.regions, clock);
  const excluded = listed.length - withoutExcluded(listed, reputation).length;
  if (excluded > 0)
    log(`${excluded} workers of operators that lied are not asked (${showPath(REPUTATION_FILE)})`);
  const requests: Promise<Request>[] = [];
  const askOne = async (name: string, inputs: readonly Tensor[]): Promise<Request> => {
    const local = await models.open(name);
    const answer = await askQuorum({
      policy: question.policy,
      records: listed,
      reputation,
      near,
      model: local.digest,
      engine,
      inputs,
      deadlineMs: question.deadlineMs,
      settleMs: Math.min(SETTLE_MS, question.deadlineMs),
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      clock,
      fetch,
      rerun: local,
    }).catch(async (error: unknown) => {
      if (error instanceof QuorumError) {
        for (const evidence of error.evidence) log(`evidence: ${showPath(await writeEvidence(evidence))}`);
        for (const { operator, evidence } of error.conflicts)
          log(`evidence against ${operator}: ${showPath(await writeEvidence(evidence))}`);
        const { verdicts, conflicts } = error;
        await keepSightings(await sightingsOfOthers({ verdicts, conflicts, lazy: [] }));
        await keepLatencies({ model: local.digest, verdicts: error.verdicts });
      }
      throw error;
    });
    const { agreed, asked, elapsedMs } = answer;
    // One answer tells itself; of several, each is told as it comes.
    if (question.task.models.length > 1)
      log(
        `${name}: ${agreed} of ${asked} operators signed the same bytes, in ${formatMilliseconds(elapsedMs)}`,
      );
    return { local, answer };
  };
  const started = performance.now();
  const answer = await question.inquiry({
    async ask(model, inputs) {
      const request = askOne(model, inputs);
      requests.push(request);
      return (await request).answer.outputs;
    },
    readFile: models.readFile,
  });
  const elapsedMs = performance.now() - started;
  const answered = await Promise.all(requests);
  // The model ran here wherever results differed, so who is in conflict lied.
  for (const { local, answer: signed } of answered) {
    await keepSightings(await sightingsOfOthers({ ...signed, lazy: signed.audit?.lazy ?? [] }));
    await keepLatencies({ model: local.digest, verdicts: signed.verdicts });
  }
  const outcome = await saveAnswer(question, answer, answered, { engine, elapsedMs });
  const { policy, deadlineMs } = question;
  const asked = answered.map(({ local }) => local);
  return { outcome, circumstances: { policy, records: listed, engine, deadlineMs, models: asked } };
}

async function findRecords(regions: readonly string[], clock: Clock): Promise<Directory["records"]> {
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
  return directory.records;
}

async function saveAnswer(
  { task, policy, out }: QuestionOptions,
  answer: TaskAnswer,
  requests: readonly Request[],
  { engine, elapsedMs }: { engine: Bytes; elapsedMs: number },
): Promise<Outcome> {
  const saved: RequestOutcome[] = [];
  const conflicts = [];
  for (const [index, { local, answer: signed }] of requests.entries()) {
    const name = `${await shortName(signed.bundle)}.qc`;
    const certificate = out === null ? join(CERTIFICATES_FOLDER, name) : numberPath(out, index + 1);
    await writeWholeFile(certificate, signed.bundle);
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
    lazy: [
      ...new Set(
        requests.flatMap(({ answer: { audit } }) => audit?.lazy.map(({ operator }) => operator) ?? []),
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

export async function writeEvidence(evidence: Bytes): Promise<string> {
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
  const { length } = outcome.requests;
  const times = length > 1 ? `in each of ${length} requests at least ` : "";
  const summary = `${outcome.agreed} of ${outcome.asked} operators signed the same bytes`;
  print(`${outcome.policy}: ${times}${summary}, in ${formatMilliseconds(outcome.elapsedMs)}`);
  if (length === 1) for (const verdict of outcome.verdicts) print(`  ${formatVerdict(verdict)}`);
  else {
    print(`  ✔ signed  ${countSigned(outcome.requests).join(", ")}`);
    for (const verdict of outcome.verdicts.filter(isNoteworthy)) print(`  ${formatVerdict(verdict)}`);
  }
  for (const { operator, evidence } of outcome.conflicts) {
    print(`${operator} signed another answer; this machine computed the one above`);
    print(`evidence against ${operator}: ${showPath(evidence)}`);
  }
  for (const operator of outcome.lazy) print(`${operator} signed the right answer, but did not compute it`);
  print();
  for (const model of new Set(outcome.requests.map((request) => request.model)))
    print(`model        ${model}`);
  print(`engine       ${outcome.engine}`);
  for (const { certificate } of outcome.requests) print(`certificate  ${showPath(certificate)}`);
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
