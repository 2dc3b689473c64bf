// Checking an answer later, by anyone: no network, no clock, no directory. A certificate file is all it takes.

import type { Bytes } from "../protocol/bytes.ts";
import type { QuorumCertificate } from "../protocol/certificate.ts";
import { openCertificateFile } from "../protocol/certificate-file.ts";
import { PolicyError } from "../protocol/errors.ts";
import {
  admitsOperator,
  countedParties,
  countProviders,
  describeNeed,
  formatReference,
  isSameReference,
  meetsPolicy,
  type Policy,
  type PolicyName,
  type PolicyReference,
  toPolicy,
} from "../protocol/policy.ts";
import type { SaltedQuestion } from "../protocol/request.ts";
import { type Signer, type SignerFacts, signerFacts } from "../protocol/signer.ts";
import type { Tensor } from "../protocol/tensor.ts";

/** Who signed, and whether every policy that was checked counts it. Anybody can add signatures to a file. */
export interface SignatureFacts extends SignerFacts {
  readonly counted: boolean;
  readonly admitted: boolean; // false where a policy does not know or denies the operator; else it is one counted already
}

/** A policy that holds of a certificate, and who was counted for it. */
export interface PolicyFacts {
  readonly policy: PolicyReference;
  readonly operators: number; // distinct, and admitted by the policy
  readonly providers: number; // distinct among those
}

/** An answer that holds, and who stands behind it. */
export interface VerifiedCertificate {
  readonly policy: PolicyReference; // named in the certificate file
  readonly policies: readonly PolicyFacts[]; // that one, then those that the reader asked for, each once
  readonly model: Bytes;
  readonly engine: Bytes;
  readonly outputs: readonly Tensor[];
  readonly question: SaltedQuestion; // as asked; its salt and the inputs open the statement's inputCommitment
  readonly operators: number; // of the signatures that are counted
  readonly providers: number; // distinct among those
  readonly signatures: readonly SignatureFacts[]; // by seat
  readonly certificate: QuorumCertificate;
}

/**
 * Every signature, record and digest, then the policy that the file names, then each of `policies`: what the reader
 * asks for, whatever the asker did. A policy that the file names by digest must be among them. Throws DecodeError,
 * VerificationError, PolicyError `policy_missing`, `policy_not_met`.
 */
export async function verifyCertificate(
  bytes: Bytes,
  options: { readonly policies: readonly (PolicyName | Policy)[] },
): Promise<VerifiedCertificate> {
  const { file, signers } = await openCertificateFile(bytes);
  const asked = collectPolicies(file.question.policy, options.policies.map(toPolicy));
  const policies = asked.map((policy) => checkPolicy(policy, signers));
  const countedBy = asked.map((policy) => countedParties(policy, signers));
  const counted = signers.filter((signer) => countedBy.every((each) => each.includes(signer)));
  const { certificate, question, outputs } = file;
  const { model, engine } = certificate.statement;
  return {
    policy: question.policy,
    policies,
    model,
    engine,
    outputs,
    question: { model, engine, ...question },
    operators: counted.length,
    providers: countProviders(counted),
    signatures: signers.map((signer) => ({
      ...signerFacts(signer),
      counted: counted.includes(signer),
      admitted: asked.every((policy) => admitsOperator(policy, signer)),
    })),
    certificate,
  };
}

/** Each once. Throws PolicyError `policy_missing`: what a digest stands for is only in the file. */
function collectPolicies(named: PolicyReference, asked: readonly Policy[]): Policy[] {
  const own = typeof named === "string" ? toPolicy(named) : asked.find((policy) => isSame(policy, named));
  if (own === undefined)
    throw new PolicyError(
      "policy_missing",
      `the certificate was made under the policy with digest ${formatReference(named)}, which is not given; ` +
        "get its file from the asker and give it too",
    );
  const all = [own, ...asked];
  return all.filter((policy, index) => all.findIndex((other) => isSame(other, policy.reference)) === index);
}

function isSame(policy: Policy, reference: PolicyReference): boolean {
  return isSameReference(policy.reference, reference);
}

/** Throws PolicyError `policy_not_met`. */
function checkPolicy(policy: Policy, signers: readonly Signer[]): PolicyFacts {
  const counted = countedParties(policy, signers);
  const [operators, providers] = [counted.length, countProviders(counted)];
  if (meetsPolicy(policy, signers)) return { policy: policy.reference, operators, providers };
  throw new PolicyError(
    "policy_not_met",
    `policy ${policy.title} needs ${describeNeed(policy)}; ` +
      `${operators} of ${providers} signed that count; ask again under that policy`,
  );
}
