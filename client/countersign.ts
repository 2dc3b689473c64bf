// What an auditor computed itself, signed as a worker signs: a receipt against the wrong one, so that both are evidence
// that anybody can judge. The keys are made for it and thrown away; who believes the auditor is not asked.

import type { Bytes } from "../protocol/bytes.ts";
import { signDelegation } from "../protocol/delegation.ts";
import { createSecretKey, publicKey } from "../protocol/ed25519.ts";
import { NONCE_BYTES } from "../protocol/limits.ts";
import { signReceipt } from "../protocol/receipt.ts";
import { openRecord, signRecord } from "../protocol/record.ts";
import type { InferRequest } from "../protocol/request.ts";
import { keyedTraceRoot } from "../protocol/statement.ts";
import type { Testimony } from "./answer.ts";
import type { OwnRun } from "./rerun.ts";

/** A name that nobody can have (RFC 2606). */
const DOMAIN = "auditor.invalid";
const RECORD_SECONDS = 3600;

/** A local run of `request`, signed as a worker in seat 0 would. */
export async function countersign(of: {
  readonly request: Omit<InferRequest, "seat">;
  readonly own: OwnRun;
  readonly random: (length: number) => Bytes;
  readonly now: number; // unix milliseconds
}): Promise<Testimony> {
  const { random, now } = of;
  const { model, engine, sizeBucket } = of.request;
  const [secretKey, operatorSecretKey] = [createSecretKey(), createSecretKey()];
  const workerKey = await publicKey(secretKey);
  const seconds = Math.floor(now / 1000);
  const record = await openRecord(
    await signRecord(
      {
        workerKey,
        seq: 1,
        issuedAt: seconds,
        expiresAt: seconds + RECORD_SECONDS,
        operator: DOMAIN,
        operatorKey: await publicKey(operatorSecretKey),
        delegation: await signDelegation(
          { operator: DOMAIN, workerKey, expiresAt: seconds + RECORD_SECONDS },
          operatorSecretKey,
        ),
        endpoints: [`https://${DOMAIN}`],
        provider: "auditor",
        region: "auditor",
        sealingKeys: [],
        models: [model],
        engines: [engine],
        limits: { maxRequestBytes: sizeBucket },
        acceptsPlain: true,
        isReferee: false,
        retentionSeconds: 0,
        price: 0,
        domainProof: null,
      },
      secretKey,
    ),
    { now },
  );
  const workerNonce = random(NONCE_BYTES);
  const { statement, blocks, innerDigests } = of.own;
  const answer = { request: statement.request, workerKey, workerNonce };
  const receiptBytes = await signReceipt(
    statement,
    {
      seat: 0,
      record: record.digest,
      workerNonce,
      keyedTraceRoot: await keyedTraceRoot(answer, innerDigests),
      time: now,
    },
    secretKey,
  );
  return { receiptBytes, record, blocks };
}
