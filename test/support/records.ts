// Workers of the tests, with keys that are the same in every run, and their signed records.

import { type Bytes, utf8 } from "../../protocol/bytes.ts";
import { signDelegation } from "../../protocol/delegation.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { signRecord, type WorkerRecord } from "../../protocol/record.ts";

export interface TestWorker {
  readonly secretKey: Bytes;
  readonly operatorSecretKey: Bytes;
  /** A valid record as of `now`, one hour to live; `changes` go on top. */
  record(changes?: Partial<WorkerRecord>): WorkerRecord;
  sign(changes?: Partial<WorkerRecord>): Promise<Bytes>;
}

/** A secret key that is a function of its name. */
export function testKey(name: string): Promise<Bytes> {
  return digestRaw(utf8(`test key ${name}`));
}

/** `now` is unix ms. Workers with the same operator share its key. */
export async function createTestWorker(name: string, operator: string, now: number): Promise<TestWorker> {
  const secretKey = await testKey(`worker ${name}`);
  const operatorSecretKey = await testKey(`operator ${operator}`);
  const workerKey = await publicKey(secretKey);
  const seconds = Math.floor(now / 1000);
  const delegation = await signDelegation(
    { operator, workerKey, expiresAt: seconds + 86_400 * 30 },
    operatorSecretKey,
  );
  const operatorKey = await publicKey(operatorSecretKey);
  const record = (changes: Partial<WorkerRecord> = {}): WorkerRecord => ({
    workerKey,
    seq: now,
    issuedAt: seconds,
    expiresAt: seconds + 3600,
    operator,
    operatorKey,
    delegation,
    endpoints: ["https://worker.example"],
    provider: "meadow",
    region: "eu-north",
    sealingKeys: [],
    models: [],
    engines: [],
    limits: { maxRequestBytes: 1024 },
    acceptsPlain: true,
    isReferee: false,
    retentionSeconds: 0,
    price: 0,
    domainProof: null,
    ...changes,
  });
  return { secretKey, operatorSecretKey, record, sign: (changes) => signRecord(record(changes), secretKey) };
}
