// Evidence and fault proofs, as `verify` shows them: who signed what, and on whose word it rests who is at fault.
import { describeFaultProof, type FaultProofFacts } from "../../client/audits.ts";
import { type SideFacts, type VerifiedEvidence, verifyEvidence } from "../../client/index.ts";
import { type Bytes, equalBytes, formatBase64Url, formatHex } from "../../protocol/bytes.ts";
import { CodedError } from "../../protocol/errors.ts";
import { type OpenedFaultProof, openFaultProof } from "../../protocol/fault-proof.ts";
import { readFileKind } from "../../protocol/file-kind.ts";
import { formatIdentity } from "../../protocol/named-quorum.ts";
import type { SignerFacts } from "../../protocol/signer.ts";
import { CliError, UndecidedError } from "../errors.ts";
import { print, printError, printJson } from "../output.ts";
import { showPath } from "../state.ts";
import { judgeHere } from "./judge-here.ts";
import { naming } from "./replay.ts";

interface GivenFile {
  readonly path: string;
  readonly bytes: Bytes;
}

/** Whether a file is one of these and no certificate; what it really is, its decoder says. */
export function isAccusation({ bytes }: GivenFile): boolean {
  const kind = readFileKind(bytes);
  return kind === "evidence" || kind === "fault proof";
}

/** Throws CliError option_invalid for another file of ours, which is checked with verify. */
export function expectEvidence({ path, bytes }: GivenFile): void {
  const kind = readFileKind(bytes);
  if (kind === null || kind === "evidence") return;
  throw new CliError("option_invalid", `${showPath(path)} is a ${kind}, not evidence; check it with verify`);
}

/**
 * Tells of each that holds, then throws if one does not: what openEvidence, openFaultProof and judgeHere throw,
 * CliError judgement_wrong, option_invalid.
 */
export async function checkAccusations(
  files: readonly GivenFile[],
  { rerun, json }: { readonly rerun: boolean; readonly json: boolean },
): Promise<void> {
  const evidence = files.find(({ bytes }) => readFileKind(bytes) === "evidence");
  if (rerun && evidence !== undefined)
    throw new CliError("option_invalid", `${evidence.path} is evidence; quorate judge computes who lied`);
  const results: Result[] = [];
  for (const file of files) {
    try {
      results.push(await checkAccusation(file, rerun));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      results.push({ path: file.path, error });
    }
  }
  if (!json) printReports(results, files.length);
  else if (files.length > 1) printJson(summarizeResults(results));
  // What does not hold decides over the exit code, before what could not be decided.
  const failures = results.flatMap((result) => ("error" in result ? [result.error] : []));
  const [first, ...others] = failures.sort((a, b) => rankOf(a) - rankOf(b));
  for (const other of others) printError(other, false);
  if (first !== undefined) throw first;
  const [only] = results;
  if (json && files.length === 1 && only && "summary" in only) printJson(only.summary);
}

function rankOf(error: CodedError): number {
  return error instanceof UndecidedError ? 1 : 0;
}

/** Of a file that holds. */
interface Report {
  readonly path: string;
  readonly summary: object; // what --json prints of it
  print(): void;
}

type Result = Report | { readonly path: string; readonly error: CodedError };

async function checkAccusation({ path, bytes }: GivenFile, rerun: boolean): Promise<Report> {
  if (readFileKind(bytes) === "fault proof") {
    const proof = await naming(path, () => openFaultProof(bytes));
    if (rerun) await checkJudgement(path, proof);
    return { path, summary: summarizeProof(proof, rerun), print: () => printProof(proof, rerun) };
  }
  const evidence = await naming(path, () => verifyEvidence(bytes));
  const summary = { valid: true, ...summarizeEvidence(evidence) };
  return { path, summary, print: () => printEvidence(evidence) };
}

function printReports(results: readonly Result[], given: number): void {
  const reports = results.filter((result) => "print" in result);
  for (const [index, report] of reports.entries()) {
    if (index > 0) print();
    if (given > 1) print(`${showPath(report.path)}:`);
    report.print();
  }
}

/** `valid` is null where that could not be decided. */
function summarizeResults(results: readonly Result[]): object {
  const files = results.map((result) => {
    if ("summary" in result) return { path: result.path, valid: true, ...result.summary };
    const { code, message } = result.error;
    return { path: result.path, valid: rankOf(result.error) === 0 ? false : null, error: { code, message } };
  });
  const verdicts = files.map(({ valid }) => valid);
  return { valid: verdicts.includes(false) ? false : verdicts.includes(null) ? null : true, files };
}

function printEvidence(evidence: VerifiedEvidence): void {
  printSides(evidence.sides);
  print(
    evidence.contradictsItself
      ? "one question, two signed results of one worker: it is at fault, whatever a run finds"
      : "one question, two signed results: at least one of the two is at fault",
  );
  print(`  ${describeOpening(evidence.opened)}`);
  printModel(evidence);
}

/** The same evidence, computed here, must blame the same sides. */
async function checkJudgement(path: string, { evidence, judgement }: OpenedFaultProof): Promise<void> {
  const { finding, atFault } = await judgeHere(path, evidence, judgement.finding.scope);
  const [theirs, ours] = [judgement.finding.digest, finding.digest];
  const isSame = theirs === null || ours === null ? theirs === ours : equalBytes(theirs, ours);
  if (isSame && atFault.join() === judgement.atFault.join()) return;
  throw new CliError(
    "judgement_wrong",
    `${path}: this machine finds something else than the referee signed; the referee is wrong, and the file proves it`,
  );
}

function printProof(proof: OpenedFaultProof, rerun: boolean): void {
  const { evidence, referee, atFault, finding } = describeFaultProof(proof);
  printSides(evidence.sides);
  for (const side of atFault) print(`✘ ${formatIdentity(side)} is at fault`);
  print(`judged by ${formatIdentity(referee)}, ${describeFinding(finding)}`);
  print(
    rerun ? "this machine computed the same" : "it rests on that signature; --rerun computes it again here",
  );
  print(`  ${describeOpening(evidence.opened)}`);
  printModel(evidence);
}

function summarizeProof(proof: OpenedFaultProof, rerun: boolean): object {
  const { evidence, referee, atFault, finding } = describeFaultProof(proof);
  return {
    valid: true,
    atFault: atFault.map(summarizeKeys),
    referee: summarizeKeys(referee),
    finding: describeFinding(finding),
    restsOn: rerun ? "a run on this machine" : "the referee's signature",
    ...summarizeEvidence(evidence),
  };
}

function describeFinding(finding: FaultProofFacts["finding"]): string {
  return finding.scope === "model" ? "by the whole model" : `by block ${finding.block}`;
}

function summarizeEvidence(evidence: VerifiedEvidence): object {
  const { sides, differences, contradictsItself, opened, model, engine } = evidence;
  return {
    differences,
    contradictsItself,
    opened,
    sides: sides.map((side) => {
      const { provider, time, outputDigest } = side;
      return { ...summarizeKeys(side), provider, time, outputDigest: formatHex(outputDigest) };
    }),
    model: formatHex(model),
    engine: formatHex(engine),
  };
}

function printSides(sides: readonly SideFacts[]): void {
  const mark = "signature holds: ";
  print(`${" ".repeat(mark.length)}${SIGNER_HEADING}`);
  for (const side of sides) {
    print(`${mark}${formatSigner(side)}`);
    print(`  signed output ${formatHex(side.outputDigest)}`);
  }
}

function printModel({ model, engine }: VerifiedEvidence): void {
  print();
  print(`model        ${formatHex(model)}`);
  print(`engine       ${formatHex(engine)}`);
}

/** What a file tells whoever gets it, and what can be done with it. */
export function describeOpening(opened: VerifiedEvidence["opened"]): string {
  if (opened === "input")
    return "opened at the input: it holds the question, so keep it or close it; judge tells who lied";
  if (opened === "block")
    return "opened at a block: it holds an inner result and no input; judge tells who lied in that block";
  return "closed: it holds neither input nor outputs and can be published; who lied takes an opened file";
}

type Keys = Pick<SignerFacts, "operator" | "operatorKey" | "workerKey">;

function summarizeKeys({ operator, operatorKey, workerKey }: Keys) {
  return { operator, operatorKey: formatBase64Url(operatorKey), workerKey: formatHex(workerKey) };
}

/** Over lines of formatSigner. */
export const SIGNER_HEADING = formatRow("operator", "provider", "key of the operator", "signed at");

/** One line of who signed and when: the names are claims, the key is the operator's, as policy files have it. */
export function formatSigner(
  signer: Pick<SignerFacts, "operator" | "provider" | "operatorKey" | "time">,
): string {
  const { operator, provider, operatorKey, time } = signer;
  return formatRow(operator, provider, formatBase64Url(operatorKey), new Date(time).toISOString());
}

function formatRow(operator: string, provider: string, key: string, time: string): string {
  return `${operator.padEnd(16)} ${provider.padEnd(10)} ${key.padEnd(43)} ${time}`;
}
