// Evidence and fault proofs, as `verify` shows them: who signed what, and on whose word it rests who is at fault.
import { describeFaultProof, type FaultProofFacts } from "../client/audits.ts";
import { type SideFacts, type VerifiedEvidence, verifyEvidence } from "../client/index.ts";
import { type Bytes, equalBytes, formatBase64Url, formatHex } from "../protocol/bytes.ts";
import { type OpenedFaultProof, openFaultProof } from "../protocol/fault-proof.ts";
import { readFileKind } from "../protocol/file-kind.ts";
import { formatIdentity } from "../protocol/named-quorum.ts";
import type { SignerFacts } from "../protocol/signer.ts";
import { CliError } from "./errors.ts";
import { judgeHere } from "./judge-here.ts";
import { print, printJson } from "./output.ts";
import { naming } from "./replay.ts";

/** Whether a file is one of these and no certificate; what it really is, its decoder says. */
export function isAccusation(bytes: Bytes): boolean {
  const kind = readFileKind(bytes);
  return kind === "evidence" || kind === "fault proof";
}

interface Options {
  readonly rerun: boolean;
  readonly json: boolean;
}

/** Throws what openEvidence, openFaultProof and judgeHere throw, CliError judgement_wrong, option_invalid. */
export async function checkAccusation(
  { path, bytes }: { readonly path: string; readonly bytes: Bytes },
  { rerun, json }: Options,
): Promise<void> {
  if (readFileKind(bytes) === "fault proof") {
    const proof = await naming(path, () => openFaultProof(bytes));
    if (rerun) await checkJudgement(proof);
    return json ? printJson(summarizeProof(proof, rerun)) : printProof(proof, rerun);
  }
  if (rerun) throw new CliError("option_invalid", `${path} is evidence; quorate judge computes who lied`);
  const evidence = await naming(path, () => verifyEvidence(bytes));
  if (json) return printJson({ valid: true, ...summarizeEvidence(evidence) });
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
async function checkJudgement({ evidence, judgement }: OpenedFaultProof): Promise<void> {
  const { finding, atFault } = await judgeHere(evidence, judgement.finding.scope);
  const [theirs, ours] = [judgement.finding.digest, finding.digest];
  const isSame = theirs === null || ours === null ? theirs === ours : equalBytes(theirs, ours);
  if (isSame && atFault.join() === judgement.atFault.join()) return;
  throw new CliError(
    "judgement_wrong",
    "this machine finds something else than the referee signed; the referee is wrong, and the file proves it",
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
