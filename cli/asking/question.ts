// One question from this machine: a task's requests go to committees, and what was seen of them is remembered.
import {
  type Answer,
  askQuorum,
  type Clock,
  createSystemClock,
  type Directory,
  fetchDirectory,
  type Purpose,
  QuorumError,
  withoutExcluded,
} from "../../client/index.ts";
import type { Model } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import type { Policy } from "../../protocol/policy.ts";
import type { OpenedRecord } from "../../protocol/record.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import type { AnyTask } from "../../tasks/tasks.ts";
import { readEngineDigest } from "../artifacts/artifacts.ts";
import { formatMilliseconds, log } from "../output.ts";
import { REPUTATION_FILE, showPath } from "../state.ts";
import { explainAbsence } from "./absent.ts";
import type { Inquiry } from "./input.ts";
import { keepLatencies, readLatencies } from "./latencies.ts";
import type { LocalModels } from "./local.ts";
import { type Outcome, type Request, saveAnswer, writeEvidence } from "./outcome.ts";
import { keepSightings, readReputation, sightingsOfOthers } from "./reputation.ts";

/** A region that does not answer in this time is left out; the others make up for it. */
const LIST_DEADLINE_MS = 5000;
/** Records that are not verified in this time are left out. */
const VERIFICATION_MS = 5000;
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

/** Throws TaskError, TransportError, PolicyError, QuorumError (after writing its evidence), ModelError, CliError. */
export async function ask(
  question: QuestionOptions,
): Promise<{ readonly outcome: Outcome; readonly circumstances: Circumstances }> {
  const { models } = question;
  // What is not built here is noticed before anybody is looked for.
  const opened = await Promise.all(question.task.models.map((model) => models.open(model)));
  const engine = await readEngineDigest();
  const clock = createSystemClock();
  const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
  const reputation = await readReputation();
  const near = question.near ? await readLatencies() : null;
  const purpose = { policy: question.policy, models: opened.map(({ digest }) => digest), engine };
  const listed = await findRecords(question.regions, { clock, random, purpose });
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
      random,
      clock,
      fetch,
      rerun: local,
    }).catch(async (error: unknown) => {
      if (error instanceof QuorumError) {
        for (const evidence of error.evidence) log(`evidence: ${showPath(await writeEvidence(evidence))}`);
        for (const { operator, evidence } of error.conflicts)
          log(`evidence against ${operator}: ${showPath(await writeEvidence(evidence))}`);
        await keepWhatWasSeen(local.digest, { ...error, audit: null });
      }
      throw await explainAbsence(error, question.policy, async () => {
        const everyone = { clock, random, purpose: null };
        return (await listRecords(question.regions, everyone)).records;
      });
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
  for (const { local, answer: signed } of answered) await keepWhatWasSeen(local.digest, signed);
  const outcome = await saveAnswer(question, answer, answered, { engine, elapsedMs });
  const { policy, deadlineMs } = question;
  const asked = answered.map(({ local }) => local);
  return { outcome, circumstances: { policy, records: listed, engine, deadlineMs, models: asked } };
}

/** Of the operators: whoever came, in an answer or in an error. */
async function keepWhatWasSeen(
  model: Bytes,
  seen: Pick<Answer, "verdicts" | "conflicts" | "audit">,
): Promise<void> {
  await keepSightings(await sightingsOfOthers(seen));
  await keepLatencies({ model, verdicts: seen.verdicts });
}

interface ListOptions {
  readonly clock: Clock;
  readonly random: (length: number) => Bytes;
  readonly purpose: Purpose | null;
}

function listRecords(regions: readonly string[], options: ListOptions): Promise<Directory> {
  const limits = { deadlineMs: LIST_DEADLINE_MS, verificationMs: VERIFICATION_MS };
  return fetchDirectory({ regions, fetch, ...options, ...limits });
}

async function findRecords(regions: readonly string[], options: ListOptions): Promise<Directory["records"]> {
  const directory = await listRecords(regions, options);
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
