// What an asker gets: an answer that a quorum signed, or an error that explains itself. Pure: made from verdicts.

import { type Bytes, equalBytes } from "../protocol/bytes.ts";
import type { QuorumCertificate } from "../protocol/certificate.ts";
import { encodeCertificateFile } from "../protocol/certificate-file.ts";
import { type PolicyCode, PolicyError } from "../protocol/errors.ts";
import { encodeEvidence, isConflict } from "../protocol/evidence.ts";
import { MAX_CERTIFICATE_SIGNATURES } from "../protocol/limits.ts";
import { describeNeed, type Policy, type PolicyReference } from "../protocol/policy.ts";
import type { InferRequest } from "../protocol/request.ts";
import type { Tensor } from "../protocol/tensor.ts";
import type { FailedVerdict, SeatFacts, SignedVerdict, Verdict } from "./ask.ts";
import type { FailureCode } from "./failure.ts";

/** One asked worker, as reported. Outputs that no quorum signed are not in it. */
export interface ReportedVerdict extends SeatFacts {
  /** `signed` is a valid result that was neither accepted nor contradicted. */
  readonly outcome: "agreed" | "conflicting" | "signed" | "failed";
  readonly code: FailureCode | null; // of a failure
  readonly detail: string;
  readonly refusal: Bytes | null; // the signed refusal, where the worker refused
  readonly cause: unknown; // of the failure `unexpected_error`, which is this client's own; else null
  readonly elapsedMs: number;
}

/**
 * A worker at odds with others, and the file that proves it to strangers: opened evidence, which holds the input.
 * closeEvidence makes of it what can be published.
 */
export interface Conflict {
  readonly operator: string;
  readonly workerKey: Bytes;
  readonly evidence: Bytes;
}

/** The outcome of an audit: workers whose result is right and whose keyed trace is not. */
export interface AuditReport {
  readonly copied: readonly SeatFacts[];
}

/** An accepted answer, with all that is known about how it came to be. */
export interface Answer {
  readonly policy: PolicyReference;
  readonly outputs: readonly Tensor[];
  readonly certificateFile: Bytes; // what verifyCertificate takes
  readonly certificate: QuorumCertificate;
  readonly verdicts: readonly ReportedVerdict[]; // every asked worker, by seat
  readonly conflicts: readonly Conflict[]; // who signed another result
  readonly faultProofs: readonly Bytes[]; // what a referee signed of them, where one was asked; opened evidence inside
  readonly audit: AuditReport | null; // null where this request was not drawn, or nothing can run it here
  readonly asked: number;
  readonly agreed: number; // distinct operators
  readonly elapsedMs: number;
}

/** What evidence takes of a side: a signed result, and the record that it names. */
export type Testimony = Pick<SignedVerdict, "receiptBytes" | "record" | "blocks">;

/** PolicyError `quorum_not_reached` or `quorum_split`, with everything that is known. */
export class QuorumError extends PolicyError {
  readonly verdicts: readonly ReportedVerdict[];
  /** Who signed another result than this client's own run, each with evidence; empty where nothing was run here. */
  readonly conflicts: readonly Conflict[];
  /**
   * Where nothing was run here: the first signer against each that contradicts it, one opened file for each. Which
   * side lied is not said.
   */
  readonly evidence: readonly Bytes[];
  /** What a referee signed of one of these, where one was asked. */
  readonly faultProofs: readonly Bytes[];

  constructor(
    code: Extract<PolicyCode, "quorum_not_reached" | "quorum_split">,
    message: string,
    facts: Pick<QuorumError, "verdicts" | "conflicts" | "evidence" | "faultProofs">,
  ) {
    // A mistake of ours that had a part in it stays visible, in a stack trace too.
    super(code, message, { cause: facts.verdicts.find(({ cause }) => cause !== null)?.cause });
    this.verdicts = facts.verdicts;
    this.conflicts = facts.conflicts;
    this.evidence = facts.evidence;
    this.faultProofs = facts.faultProofs;
  }
}

/**
 * The answer of a quorum: its certificate file, every verdict, and evidence against each of `dissent`. At most
 * 16 signers go into the certificate. Throws RangeError if `agreed` is empty, DecodeError for outputs that cannot be
 * encoded (none that were decoded).
 */
export function createAnswer(facts: {
  readonly request: Omit<InferRequest, "seat">;
  readonly verdicts: readonly Verdict[];
  readonly agreed: readonly SignedVerdict[]; // distinct operators, by seat, one statement
  readonly dissent: readonly SignedVerdict[];
  readonly copied: readonly SignedVerdict[] | null;
  readonly faultProofs: readonly Bytes[];
  readonly elapsedMs: number;
}): Answer {
  const { request, verdicts, agreed, dissent, copied, faultProofs, elapsedMs } = facts;
  const signers = chooseSigners(agreed);
  const [first] = signers;
  if (first === undefined) throw new RangeError("createAnswer: agreed is empty");
  const certificate: QuorumCertificate = {
    statement: first.receipt.statement,
    signatures: signers.map(({ receipt: { key, wrap, signature } }) => ({ key, wrap, signature })),
  };
  const { outputs } = first;
  return {
    policy: request.policy,
    outputs,
    certificateFile: encodeCertificateFile({
      certificate,
      question: request,
      outputs,
      records: signers.map(({ record }) => record.bytes),
    }),
    certificate,
    verdicts: verdicts.map((verdict) => reportVerdict(verdict, { agreed, dissent })),
    conflicts: dissent.map((verdict) => toConflict(verdict, first, request)),
    faultProofs,
    audit: copied === null ? null : { copied: copied.map(toSeatFacts) },
    asked: verdicts.length,
    agreed: agreed.length,
    elapsedMs,
  };
}

/** At most 16, by seat: one of each provider before a second of any, so that the policy still holds of them. */
function chooseSigners(agreed: readonly SignedVerdict[]): SignedVerdict[] {
  const isFirst = ({ provider }: SignedVerdict, index: number) =>
    agreed.findIndex((other) => other.provider === provider) === index;
  const others = agreed.filter((verdict, index) => !isFirst(verdict, index));
  return [...agreed.filter(isFirst), ...others]
    .slice(0, MAX_CERTIFICATE_SIGNATURES)
    .sort((a, b) => a.seat - b.seat);
}

/**
 * `classes`: the results that were signed, each with its signers, the largest first; `localStatement`: the
 * digest of the statement that a local run makes, or null; `countersign` signs that run, called where nobody
 * else signed its result. Two results, or one that a local run contradicts, are a split. Throws whatever `countersign`
 * throws.
 */
export async function createQuorumError(facts: {
  readonly request: Omit<InferRequest, "seat">;
  readonly policy: Policy;
  readonly verdicts: readonly Verdict[];
  readonly classes: readonly (readonly SignedVerdict[])[];
  readonly localStatement: Bytes | null;
  readonly countersign: () => Promise<Testimony>;
  readonly faultProofs: readonly Bytes[];
}): Promise<QuorumError> {
  const { request, policy, verdicts, classes, localStatement, countersign, faultProofs } = facts;
  const isRight = (verdict: SignedVerdict) =>
    localStatement !== null && equalBytes(verdict.receipt.wrap.statement, localStatement);
  const split = classes.length > 1 || (localStatement !== null && !classes.flat().every(isRight));
  // Without a local run everyone in a split is at odds with someone; with one, the others are.
  const dissent = split ? classes.flat().filter((verdict) => !isRight(verdict)) : [];
  const isConvicted = localStatement !== null && dissent.length > 0;
  const right = isConvicted ? (classes.flat().find(isRight) ?? (await countersign())) : null;
  return new QuorumError(
    split ? "quorum_split" : "quorum_not_reached",
    `policy ${policy.title} needs ${describeNeed(policy)} behind one result; ` +
      (split ? describeSplit(classes, localStatement === null ? null : dissent) : describeShortage(verdicts)),
    {
      verdicts: verdicts.map((verdict) => reportVerdict(verdict, { agreed: [], dissent })),
      conflicts: right === null ? [] : dissent.map((verdict) => toConflict(verdict, right, request)),
      evidence: right === null ? opposeFirst(classes.flat(), request) : [],
      faultProofs,
    },
  );
}

function opposeFirst(
  [first, ...others]: readonly SignedVerdict[],
  request: Omit<InferRequest, "seat">,
): Bytes[] {
  return others
    .filter((verdict) => isConflict(first!.receipt.statement, verdict.receipt.statement))
    .map((verdict) => toEvidence(first!, verdict, request));
}

function toConflict(wrong: SignedVerdict, right: Testimony, request: Omit<InferRequest, "seat">): Conflict {
  const { operator, workerKey } = wrong;
  return { operator, workerKey, evidence: toEvidence(right, wrong, request) };
}

function describeSplit(
  classes: readonly (readonly SignedVerdict[])[],
  liars: readonly SignedVerdict[] | null,
): string {
  return (
    `signed: ${classes.map(nameOperators).join(", against ")}; ` +
    (liars === null
      ? "run the model locally to see who is right, and keep the evidence"
      : `the local run contradicts ${nameOperators(liars)} and too few others answered; ask again`)
  );
}

function describeShortage(verdicts: readonly Verdict[]): string {
  const signed = verdicts.filter((verdict) => verdict.outcome === "signed");
  const failed = verdicts.filter((verdict) => verdict.outcome === "failed");
  const failures = failed.map(({ operator, code }) => `${operator} (${code})`).join(", ");
  return (
    `signed: ${signed.length > 0 ? nameOperators(signed) : "nobody"}; failed: ${failures || "nobody"}; ` +
    "ask again, allow more time, or use more regions"
  );
}

function nameOperators(members: readonly SignedVerdict[]): string {
  return members.map(({ operator }) => operator).join(" and ");
}

/** What two of one request signed, opened at the input: it is the asker's own file. */
export function toEvidence(a: Testimony, b: Testimony, request: Omit<InferRequest, "seat">): Bytes {
  return encodeEvidence(
    { receipt: a.receiptBytes, record: a.record.bytes },
    { receipt: b.receiptBytes, record: b.record.bytes },
    {
      at: "input",
      question: request,
      inputs: request.inputs,
      blocks: [a.blocks, b.blocks],
    },
  );
}

function reportVerdict(
  verdict: Verdict,
  sides: { readonly agreed: readonly SignedVerdict[]; readonly dissent: readonly SignedVerdict[] },
): ReportedVerdict {
  const facts = { ...toSeatFacts(verdict), elapsedMs: verdict.elapsedMs };
  if (verdict.outcome === "failed") return { ...facts, outcome: "failed", ...failureOf(verdict) };
  const success = { ...facts, code: null, detail: "", refusal: null, cause: null };
  if (sides.agreed.includes(verdict)) return { ...success, outcome: "agreed" };
  if (sides.dissent.includes(verdict))
    return { ...success, outcome: "conflicting", detail: "signed another result than others did" };
  return { ...success, outcome: "signed" };
}

function failureOf({ code, detail, refusal, cause }: FailedVerdict) {
  return { code, detail, refusal, cause };
}

function toSeatFacts(facts: SeatFacts): SeatFacts {
  const { seat, workerKey, operator, operatorKey, provider, region, endpoint } = facts;
  return { seat, workerKey, operator, operatorKey, provider, region, endpoint };
}
