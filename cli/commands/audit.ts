// `quorate audit`: asks one worker what this machine computes too, and tells whether it lied, copied or did not answer.
import { type AuditFinding, auditWorker } from "../../client/audits.ts";
import { createSystemClock, fetchRecord } from "../../client/index.ts";
import { CATALOGUE } from "../../models/catalogue.ts";
import type { Recipe } from "../../models/recipe.ts";
import { type Bytes, formatBase64Url, formatHex } from "../../protocol/bytes.ts";
import { checkEndpoint } from "../../protocol/names.ts";
import type { OpenedRecord } from "../../protocol/record.ts";
import { findDigest, findRecipeToAsk, loadArtifact, readEngineDigest } from "../artifacts/artifacts.ts";
import { writeEvidence } from "../asking/outcome.ts";
import { prepareProbes } from "../asking/probes.ts";
import { keepSightings, sightingsOfAudited } from "../asking/reputation.ts";
import { type Command, optionalText, parseArguments, requireText, wholeNumber } from "../command.ts";
import { CliError, UndecidedError } from "../errors.ts";
import { createProgress, formatMilliseconds, print, printJson } from "../output.ts";
import { showPath } from "../state.ts";

const DEFAULT_COUNT = 10;
const MAX_COUNT = 1000;
const RECORD_DEADLINE_MS = 5000;
const REQUEST_DEADLINE_MS = 10_000;

export const audit: Command = {
  name: "audit",
  summary: "ask one worker what this machine computes too, and compare",
  help: `usage: npm run -s quorate -- audit --worker URL [--count N] [--model NAME] [--json]

Sends requests to one worker, one after another, and computes each here: is what it signs right, was it computed by
whoever signed it (keyed trace), and how long did it take? Each wrong answer is written to a file that anybody can judge:
evidence of the worker's receipt against one that this machine signs with a key made for it.
Exit 0 if all that it signed was right and computed, 1 if anything was wrong or copied or the call is wrong, 2 if it
signed no answer, which says nothing of its honesty.

  --worker URL      where the worker answers, as its record says
  --count N         how many requests (default ${DEFAULT_COUNT}, at most ${MAX_COUNT})
  --model NAME      which model (default: the first of this machine's that the worker has)
  --json            print one JSON object, and behind it a second with the error where the exit is not 0`,

  async run(args) {
    const given = parseArguments(args, {
      worker: { type: "string" },
      count: { type: "string" },
      model: { type: "string" },
      json: { type: "boolean" },
    });
    const endpoint = checkEndpoint(requireText(given, "worker"), "--worker");
    const count = wholeNumber(given, "count", { min: 1, max: MAX_COUNT, otherwise: DEFAULT_COUNT });
    const name = optionalText(given, "model");
    if (name !== null) await findRecipeToAsk(name);
    const record = await findRecord(endpoint);
    const recipe = await chooseModel(record, name);
    const findings = await auditBy(recipe, record, count);
    const report = await summarize(recipe, record, findings);
    if (given.values.json === true) printJson(report);
    else printReport(report);
    judge(report);
  },
};

/** Its record, with `endpoint` as the one that is asked. Throws CliError worker_elsewhere, and as fetchRecord does. */
async function findRecord(endpoint: string): Promise<OpenedRecord> {
  const clock = createSystemClock();
  const deadline = clock.now() + RECORD_DEADLINE_MS;
  const opened = await fetchRecord({ endpoint, fetch, clock, deadline, signal: null });
  const { endpoints, operator } = opened.record;
  // Whoever copies an honest worker's record would have it audited in its own place.
  if (!endpoints.includes(endpoint))
    throw new CliError(
      "worker_elsewhere",
      `${endpoint} shows the record of a worker of ${operator} at ${endpoints.join(", ")}; audit that one`,
    );
  return { ...opened, record: { ...opened.record, endpoints: [endpoint] } };
}

/** Throws CliError model_not_served. */
async function chooseModel({ record }: OpenedRecord, name: string | null): Promise<Recipe> {
  const candidates = CATALOGUE.filter((recipe) => name === null || recipe.name === name);
  for (const recipe of candidates) {
    const digest = await findDigest(recipe.name);
    if (record.models.some((model) => formatHex(model) === digest)) return recipe;
  }
  const names = candidates.map((recipe) => recipe.name).join(", ");
  throw new CliError(
    "model_not_served",
    `the worker has no model of ${names} as it is built here; build it (quorate model build) or name another`,
  );
}

async function auditBy(recipe: Recipe, record: OpenedRecord, count: number): Promise<AuditFinding[]> {
  const rerun = await loadArtifact(recipe.name, "simd128");
  const engine = await readEngineDigest();
  const createProbe = await prepareProbes(recipe);
  const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
  const progress = createProgress(`audit of ${record.record.operator}`);
  const findings: AuditFinding[] = [];
  while (findings.length < count) {
    const inputs = createProbe(random);
    const finding = await auditWorker({
      record,
      model: rerun.digest,
      engine,
      inputs,
      deadlineMs: REQUEST_DEADLINE_MS,
      random,
      clock: createSystemClock(),
      fetch,
      rerun,
    });
    findings.push(finding);
    await keepSightings(await sightingsOfAudited(record.record, finding));
    progress("requests", findings.length, count);
  }
  return findings;
}

/** What `--json` prints, field by field. */
interface Report {
  readonly operator: string;
  readonly operatorKey: string;
  readonly workerKey: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly model: string;
  readonly asked: number;
  readonly right: number;
  readonly copied: number;
  /** Paths of evidence, one for each wrong answer. */
  readonly wrong: readonly string[];
  /** How many had no answer that holds, by code; `refused` of them are signed refusals. */
  readonly failed: Readonly<Record<string, number>>;
  readonly refused: number;
  /** Of what was signed, from sending to a checked answer; null where nothing was. */
  readonly medianMs: number | null;
  readonly longestMs: number | null;
}

async function summarize(
  recipe: Recipe,
  { record }: OpenedRecord,
  findings: readonly AuditFinding[],
): Promise<Report> {
  const wrong: string[] = [];
  const failed: Record<string, number> = {};
  const times: number[] = [];
  for (const finding of findings) {
    if (finding.outcome === "wrong") wrong.push(await writeEvidence(finding.evidence));
    if (finding.outcome === "failed") failed[finding.code] = (failed[finding.code] ?? 0) + 1;
    else times.push(finding.elapsedMs);
  }
  times.sort((a, b) => a - b);
  const count = (outcome: AuditFinding["outcome"]) =>
    findings.filter((finding) => finding.outcome === outcome).length;
  return {
    operator: record.operator,
    operatorKey: formatBase64Url(record.operatorKey),
    workerKey: formatBase64Url(record.workerKey),
    provider: record.provider,
    endpoint: record.endpoints[0]!,
    model: recipe.name,
    asked: findings.length,
    right: count("right"),
    copied: count("copied"),
    wrong,
    failed,
    refused: findings.filter((finding) => finding.outcome === "failed" && finding.refusal !== null).length,
    medianMs: times[times.length >> 1] ?? null,
    longestMs: times.at(-1) ?? null,
  };
}

function printReport(report: Report): void {
  const { asked, right, copied, wrong, failed, refused, medianMs, longestMs } = report;
  print(`worker   ${report.workerKey} of ${report.operator}, provider ${report.provider}, by its own words`);
  print(`model    ${report.model}`);
  print(`asked    ${asked}`);
  print(`right    ${right}, by whoever signed them`);
  print(`copied   ${copied}, right and not computed by whoever signed them`);
  print(`wrong    ${wrong.length}`);
  for (const path of wrong) print(`         ${showPath(path)}`);
  const codes = Object.entries(failed).map(([code, count]) => `${code} ${count}`);
  const total = Object.values(failed).reduce((sum, count) => sum + count, 0);
  print(`failed   ${total}${total > 0 ? `, ${refused} of them signed refusals: ${codes.join(", ")}` : ""}`);
  if (medianMs !== null && longestMs !== null)
    print(`time     ${formatMilliseconds(medianMs)} in the middle, ${formatMilliseconds(longestMs)} at most`);
}

/** Throws CliError audit_failed, UndecidedError nothing_answered. */
function judge({ operator, asked, right, copied, wrong }: Report): void {
  if (wrong.length + copied > 0)
    throw new CliError(
      "audit_failed",
      `of ${asked} answers of ${operator} ${wrong.length} were wrong and ${copied} were copied; do not ask it${wrong.length > 0 ? ", and show the evidence" : ""}`,
    );
  if (right === 0)
    throw new UndecidedError(
      "nothing_answered",
      `${operator} signed none of ${asked} answers, which says nothing of its honesty; ask again`,
    );
}
