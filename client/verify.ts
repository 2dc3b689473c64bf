// Checking an answer later, by anyone: no network, no clock, no directory. A certificate file is all it takes.

import { openBundle } from "../protocol/bundle.ts";
import type { Bytes } from "../protocol/bytes.ts";
import type { QuorumCertificate } from "../protocol/certificate.ts";
import { PolicyError } from "../protocol/errors.ts";
import {
  countProviders,
  distinctOperators,
  meetsPolicy,
  POLICIES,
  type Policy,
  type PolicyName,
} from "../protocol/policy.ts";
import type { SaltedQuestion } from "../protocol/request.ts";
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

/** An answer that holds, and who stands behind it. */
export interface VerifiedBundle {
  readonly policy: PolicyName; // named in the bundle
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
 * Every signature, record and digest, then the policy that the bundle names, then `policy` if one is given: what
 * the reader asks for, whatever the asker did. Throws DecodeError, VerificationError, PolicyError `policy_not_met`.
 */
export async function verifyBundle(
  bytes: Bytes,
  options: { readonly policy: PolicyName | null },
): Promise<VerifiedBundle> {
  const { bundle, signers } = await openBundle(bytes);
  const counted = distinctOperators(signers);
  for (const name of [bundle.policy, options.policy])
    if (name !== null && !meetsPolicy(POLICIES[name], signers))
      throw new PolicyError(
        "policy_not_met",
        describeShortfall(POLICIES[name], counted.length, countProviders(counted)),
      );
  const { certificate, nonce, deadline, policy, sizeBucket, assignment, salt, outputs } = bundle;
  const { model, engine } = certificate.statement;
  return {
    policy,
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

function describeShortfall(policy: Policy, operators: number, providers: number): string {
  return (
    `the ${policy.name} policy needs ${policy.accept} distinct operators of ${policy.acceptProviders} providers; ` +
    `${operators} of ${providers} signed; ask again under that policy`
  );
}
