// What a file that somebody was handed says. Bytes in, findings out: no page, no network, no clock.

import {
  type FaultProofFacts,
  type VerifiedEvidence,
  verifyEvidence,
  verifyFaultProof,
} from "../../client/evidence.ts";
import { type VerifiedCertificate, verifyCertificate } from "../../client/verify.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { decodeCertificateFile } from "../../protocol/certificate-file.ts";
import { CodedError, DecodeError, PolicyError } from "../../protocol/errors.ts";
import { readFileKind } from "../../protocol/file-kind.ts";
import { MAX_POLICY_BYTES } from "../../protocol/limits.ts";
import { describeNeed, isSameReference, meetsPolicy, POLICIES, type Policy } from "../../protocol/policy.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";

/** A file as the browser gives it. */
export interface GivenFile {
  readonly name: string;
  readonly bytes: Bytes;
}

/** Whether a certificate satisfies a policy, whatever the asker asked for. */
export interface PolicyFinding {
  readonly title: string; // a built-in one's name, or its file's behind "file"
  readonly isNamed: boolean; // by the certificate itself
  readonly unmet: string | null; // why it does not hold
}

/** How PNG and JPEG files begin. */
const PICTURES = [
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
];

export type Finding = { readonly name: string } & (
  | {
      readonly kind: "certificate";
      readonly verified: VerifiedCertificate;
      readonly policies: readonly PolicyFinding[];
    }
  | { readonly kind: "evidence"; readonly evidence: VerifiedEvidence }
  | { readonly kind: "fault proof"; readonly proof: FaultProofFacts }
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "none of ours"; readonly isPicture: boolean }
  | { readonly kind: "invalid"; readonly code: string; readonly message: string; readonly damaged: boolean }
);

/** A finding for each file, in their order. What is none of ours by its first byte may be a policy file. */
export async function examine(files: readonly GivenFile[]): Promise<Finding[]> {
  const read = await Promise.all(
    files.map(async (file) =>
      readFileKind(file.bytes) === null ? attempt(file.name, () => examineOther(file)) : file,
    ),
  );
  const own = read.flatMap((each) => ("kind" in each && each.kind === "policy" ? [each.policy] : []));
  return Promise.all(
    read.map((each) => ("kind" in each ? each : attempt(each.name, () => examineFile(each.bytes, own)))),
  );
}

/** A finding without the name of its file. */
type Examined = Finding extends infer Each ? (Each extends Finding ? Omit<Each, "name"> : never) : never;

async function attempt(name: string, check: () => Promise<Examined>): Promise<Finding> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { code, message } = error;
    return {
      name,
      kind: "invalid",
      code,
      message,
      damaged: error instanceof DecodeError || code === "policy_malformed",
    };
  }
}

/** A text that is no longer than a policy may be is read as one. Throws PolicyError, naming the line. */
async function examineOther({ name, bytes }: GivenFile): Promise<Examined> {
  if (bytes.length > MAX_POLICY_BYTES || !isText(bytes))
    return {
      kind: "none of ours",
      isPicture: PICTURES.some((start) => start.every((byte, i) => bytes[i] === byte)),
    };
  try {
    // A file called strict is not the built-in policy.
    return { kind: "policy", policy: { ...(await parsePolicy(bytes)), title: `file ${name}` } };
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new PolicyError(error.code, `read as a policy file: ${error.message}`, { cause: error });
  }
}

function isText(bytes: Bytes): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Throws DecodeError, VerificationError, PolicyError: the file is not to be relied on. */
async function examineFile(bytes: Bytes, own: readonly Policy[]): Promise<Examined> {
  const kind = readFileKind(bytes);
  if (kind === "evidence") return { kind, evidence: await verifyEvidence(bytes) };
  if (kind === "fault proof") return { kind, proof: await verifyFaultProof(bytes) };
  const { policy: named } = decodeCertificateFile(bytes).question;
  const verified = await verifyCertificate(bytes, {
    policies: own.filter(({ reference }) => isSameReference(reference, named)),
  });
  const policies = [...Object.values(POLICIES), ...own].map((policy) => ({
    title: policy.title,
    isNamed: isSameReference(policy.reference, named),
    unmet: meetsPolicy(policy, verified.signatures) ? null : `needs ${describeNeed(policy)}`,
  }));
  return { kind: "certificate", verified, policies };
}
