// The worker's own record as a function of time. Every isolate of one deployment signs the same bytes, so that a
// receipt made by any of them names the record that regions have, without storage that they would share.

import { type Bytes, compareBytes } from "../../protocol/bytes.ts";

import { recordDigest, signRecord, type WorkerRecord } from "../../protocol/record.ts";
import type { Keyring } from "./keyring.ts";
import { MAX_REQUEST_SIZE_BUCKET, RECORD_LIFETIME_SECONDS, RECORD_RENEWAL_MS } from "./limits.ts";
import { openIdentity, type Settings } from "./settings.ts";

export interface SignedRecord {
  readonly bytes: Bytes;
  readonly digest: Bytes;
  /** Unix ms. */
  readonly issuedAt: number;
}

/** The record that receipts name at unix ms `now`. */
export type RecordSource = (now: number) => Promise<SignedRecord>;

/** Signs at the first call of each renewal. The source throws what openIdentity, `models` and signRecord throw. */
export function createRecordSource(options: {
  readonly settings: Settings;
  /** Engine digest. */
  readonly engine: Bytes;
  /**
   * Unix ms of the deployment, or of the start of a single process. A later deployment has a higher one, so that
   * its records are the newer ones.
   */
  readonly startedAt: number;
  readonly keyring: Keyring;
  /** Digests of the models that are served. */
  models(): Promise<Bytes[]>;
}): RecordSource {
  const { settings, engine, startedAt, keyring, models } = options;
  // Only a finished record is kept: on workerd a pending promise belongs to the request that made it.
  let signed: { readonly issue: number; readonly record: SignedRecord } | null = null;

  return async (now) => {
    const issue = Math.max(0, Math.floor((now - startedAt) / RECORD_RENEWAL_MS));
    if (signed?.issue === issue) return signed.record;
    const seq = startedAt + issue * RECORD_RENEWAL_MS;
    const issuedAt = Math.floor(seq / 1000);
    const record: WorkerRecord = {
      ...(await openIdentity(settings, now)),
      seq,
      issuedAt,
      expiresAt: issuedAt + RECORD_LIFETIME_SECONDS,
      delegation: settings.delegation,
      endpoints: [settings.endpoint],
      provider: settings.provider,
      region: settings.region,
      sealingKeys: [await keyring.publicKey(seq)],
      models: (await models()).sort(compareBytes),
      engines: [engine],
      limits: { maxRequestBytes: MAX_REQUEST_SIZE_BUCKET },
      acceptsPlain: settings.acceptsPlain,
      isReferee: settings.isReferee,
      retentionSeconds: 0,
      price: 0,
      domainProof: null,
    };
    const bytes = await signRecord(record, settings.workerKey);
    const fresh: SignedRecord = { bytes, digest: await recordDigest(bytes), issuedAt: seq };
    signed = { issue, record: fresh };
    return fresh;
  };
}
