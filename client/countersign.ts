// What an auditor computed itself, signed as a worker signs: a receipt against the wrong one, so that both are evidence
// that anybody can judge. The keys are made for it and thrown away; who believes the auditor is not asked.

import type { Bytes } from "../protocol/bytes.ts";
import { signDelegation } from "../protocol/delegation.ts";
import { createSecretKey, publicKey } from "../protocol/ed25519.ts";
import { NONCE_BYTES } from "../protocol/limits.ts";
import { signReceipt } from "../protocol/receipt.ts";
import { openRecord, signRecord } from "../protocol/record.ts";
import { createStatement, keyedTraceRoot, traceKey } from "../protocol/statement.ts";
import type { Testimony } from "./answer.ts";
import type { Expectation } from "./check.ts";
import type { LocalRerun } from "./rerun.ts";

/** A name that nobody can have (RFC 2606). */
const DOMAIN = "auditor.invalid";
const RECORD_SECONDS = 3600;

/** A local run of what was asked, signed as a worker in seat 0 would. Throws whatever `rerun.run` throws. */
export async function countersign(own: {
  readonly expectation: Expectation;
  readonly rerun: LocalRerun;
  readonly random: (length: number) => Bytes;
  readonly now: number; // unix milliseconds
}): Promise<Testimony> {
  const { random, now } = own;
  const { request, stated } = own.expectation;
  const { inputs, model, engine, sizeBucket } = request;
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
  const key = await traceKey({ request: stated.request, workerKey, workerNonce });
  const { outputs, blocks, keyedBlocks, opCount } = await own.rerun.run({ inputs, traceKey: key });
  if (keyedBlocks === null)
    throw new TypeError("rerun.run: keyedBlocks is null although a traceKey was given");
  const statement = await createStatement({ request, stated, inputs, outputs, blocks, opCount });
  const receiptBytes = await signReceipt(
    statement,
    {
      seat: 0,
      record: record.digest,
      workerNonce,
      keyedTraceRoot: await keyedTraceRoot(keyedBlocks),
      time: now,
    },
    secretKey,
  );
  return { receiptBytes, record, blocks };
}
