// Checking an answer later, by anyone: no network, no clock, no directory. A certificate file is all it takes.

import { openBundle } from "../protocol/bundle.ts";
import type { Bytes } from "../protocol/bytes.ts";
import type { QuorumCertificate } from "../protocol/certificate.ts";
import { PolicyError } from "../protocol/errors.ts";
import {
  countedParties,
  countProviders,
  describeNeed,
  distinctOperators,
  formatReference,
  isSameReference,
  meetsPolicy,
  type Policy,
  type PolicyName,
  type PolicyReference,
  toPolicy,
} from "../protocol/policy.ts";
import type { SaltedQuestion } from "../protocol/request.ts";
import type { Signer } from "../protocol/signer.ts";
import type { Tensor } from "../protocol/tensor.ts";

/** What one signature says, all of it checked but the operator's, provider's and region's names: those are claims. */
export interface SignatureFacts {
  readonly seat: number;
  readonly workerKey: Bytes;
  readonly operator: string;
  readonly operatorKey: Bytes;
  readonly provider: string;
  readonly region: string;
  readonly time: number; // unix milliseconds, by the worker's clock
  readonly counted: boolean; // false for a second signature of one operator
}

/** A policy that holds of a bundle, and who was counted for it. */
export interface PolicyFacts {
  readonly policy: PolicyReference;
  readonly operators: number; // distinct, and admitted by the policy
  readonly providers: number; // distinct among those
}

/** An answer that holds, and who stands behind it. */
export interface VerifiedBundle {
  readonly policy: PolicyReference; // named in the bundle
  readonly policies: readonly PolicyFacts[]; // that one, then those that the reader asked for, each once
  readonly model: Bytes;
  readonly engine: Bytes;
  readonly outputs: readonly Tensor[];
  readonly question: SaltedQuestion; // as asked; its salt and the inputs open the statement's inputCommitment
  readonly operators: number; // distinct
  readonly providers: number; // distinct among those
  readonly signatures: readonly SignatureFacts[]; // by seat
  readonly certificate: QuorumCertificate;
}

/**
 * Every signature, record and digest, then the policy that the bundle names, then each of `policies`: what the reader
 * asks for, whatever the asker did. A policy that the bundle names by digest must be among them. Throws DecodeError,
 * VerificationError, PolicyError `policy_missing`, `policy_not_met`.
 */
export async function verifyBundle(
  bytes: Bytes,
  options: { readonly policies: readonly (PolicyName | Policy)[] },
): Promise<VerifiedBundle> {
  const { bundle, signers } = await openBundle(bytes);
  const counted = distinctOperators(signers);
  const policies = collectPolicies(bundle.policy, options.policies.map(toPolicy)).map((policy) =>
    checkPolicy(policy, signers),
  );
  const { certificate, nonce, deadline, policy, sizeBucket, assignment, salt, outputs } = bundle;
  const { model, engine } = certificate.statement;
  return {
    policy,
    policies,
    model,
    engine,
    outputs,
    question: { model, engine, nonce, deadline, policy, sizeBucket, assignment, salt },
    operators: counted.length,
    providers: countProviders(counted),
    signatures: signers.map((signer) => {
      const { seat, workerKey, operator, operatorKey, provider, region, time } = signer;
      const isCounted = counted.includes(signer);
      return { seat, workerKey, operator, operatorKey, provider, region, time, counted: isCounted };
    }),
    certificate,
  };
}

/** Each once. Throws PolicyError `policy_missing`: what a digest stands for is only in the file. */
function collectPolicies(named: PolicyReference, asked: readonly Policy[]): Policy[] {
  const own = typeof named === "string" ? toPolicy(named) : asked.find((policy) => isSame(policy, named));
  if (own === undefined)
    throw new PolicyError(
      "policy_missing",
      `the bundle was made under the policy with digest ${formatReference(named)}, which is not given; ` +
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
    `policy ${formatReference(policy.reference)} needs ${describeNeed(policy)}; ` +
      `${operators} of ${providers} signed that count; ask again under that policy`,
  );
}
