// Real keys, records, receipts and certificate files for tests. Keys come from names, so a failure repeats.

import { type Bytes, compareBytes, utf8 } from "../../protocol/bytes.ts";
import type { CertificateSignature } from "../../protocol/certificate.ts";
import { type CertificateFile, encodeCertificateFile } from "../../protocol/certificate-file.ts";
import { signDelegation } from "../../protocol/delegation.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import type { PolicyReference } from "../../protocol/policy.ts";
import { openReceipt, signReceipt } from "../../protocol/receipt.ts";
import { type OpenedRecord, openRecord, signRecord, type WorkerRecord } from "../../protocol/record.ts";
import type { InferRequest } from "../../protocol/request.ts";
import { createSealingKeyPair, type SealingKeyPair } from "../../protocol/sealing.ts";
import {
  createStatement,
  keyedTraceRoot,
  type Statement,
  stateQuestion,
  type Wrap,
} from "../../protocol/statement.ts";
import type { Tensor } from "../../protocol/tensor.ts";

/** 2026-11-20T00:00:00Z in unix milliseconds: the tests' present. */
export const NOW = 1_795_132_800_000;

/** 32 bytes that depend on the name alone. */
export function bytesFor(name: string): Promise<Bytes> {
  return digestRaw(utf8(name));
}

export const MODEL = await bytesFor("model");
export const ENGINE = await bytesFor("engine");

export const INPUTS: readonly Tensor[] = [{ dtype: "u8", shape: [1, 4], data: Uint8Array.of(1, 2, 3, 4) }];
export const OUTPUTS: readonly Tensor[] = [
  { dtype: "f32", shape: [1, 2], data: new Uint8Array(Float32Array.of(0.25, 0.75).buffer) },
];
/** Of two blocks, whose outputs are their names. */
const INNER_DIGESTS: readonly Bytes[] = [await bytesFor("block 0"), await bytesFor("block 1")];
export const BLOCKS: readonly Bytes[] = await Promise.all(INNER_DIGESTS.map(digestRaw));

export interface TestWorker {
  readonly secretKey: Bytes;
  readonly sealing: SealingKeyPair;
  readonly opened: OpenedRecord;
}

export interface WorkerOptions {
  readonly operator?: string; // defaults to a domain of the worker's own
  readonly operatorSeed?: string;
  readonly provider?: string;
  readonly endpoint?: string;
  readonly change?: (record: WorkerRecord) => WorkerRecord;
  readonly now?: number;
}

/** A worker with keys and a record of its own. */
export async function createWorker(name: string, options: WorkerOptions = {}): Promise<TestWorker> {
  const now = options.now ?? NOW;
  const operator = options.operator ?? `${name}.example`;
  const secretKey = await bytesFor(`worker ${name}`);
  const operatorSecretKey = await bytesFor(`operator ${options.operatorSeed ?? operator}`);
  const sealing = await createSealingKeyPair(await bytesFor(`sealing ${name}`));
  const workerKey = await publicKey(secretKey);
  const seconds = Math.floor(now / 1000);
  const record: WorkerRecord = {
    workerKey,
    seq: 1,
    issuedAt: seconds - 60,
    expiresAt: seconds + 3600,
    operator,
    operatorKey: await publicKey(operatorSecretKey),
    delegation: await signDelegation(
      { operator, workerKey, expiresAt: seconds + 30 * 86_400 },
      operatorSecretKey,
    ),
    endpoints: [options.endpoint ?? `https://${name}.example`],
    provider: options.provider ?? `provider-${name}`,
    region: "eu-west",
    sealingKeys: [sealing.publicKey],
    models: [MODEL],
    engines: [ENGINE],
    limits: { maxRequestBytes: 1_000_000 },
    acceptsPlain: false,
    isReferee: false,
    retentionSeconds: 0,
    price: 0,
    domainProof: null,
  };
  const bytes = await signRecord(options.change?.(record) ?? record, secretKey);
  return { secretKey, sealing, opened: await openRecord(bytes, { now }) };
}

/** A request in seat 0. */
export async function createRequest(policy: PolicyReference, now = NOW): Promise<InferRequest> {
  return {
    model: MODEL,
    engine: ENGINE,
    nonce: (await bytesFor("nonce")).slice(0, 16),
    deadline: now + 10_000,
    policy,
    sizeBucket: 1024,
    assignment: { mode: "S", seedDigest: await bytesFor("seed") },
    salt: await bytesFor("salt"),
    seat: 0,
    inputs: INPUTS,
  };
}

export interface Result {
  readonly outputs: readonly Tensor[];
  readonly blocks: readonly Bytes[];
}

const RESULT: Result = { outputs: OUTPUTS, blocks: BLOCKS };

/** What an honest worker says of `result`. */
export async function stateResult(request: InferRequest, result: Result = RESULT): Promise<Statement> {
  const { inputs } = request;
  const stated = await stateQuestion(request, inputs);
  return createStatement({ request, stated, inputs, ...result, opCount: 7 });
}

/** Without the digest of the statement, which signReceipt adds. */
type UnboundWrap = Omit<Wrap, "statement">;

export interface SignOptions {
  readonly result?: Result;
  readonly time?: number;
  /** Any will do where no audit looks at them. */
  readonly innerDigests?: readonly Bytes[];
  readonly changeStatement?: (statement: Statement) => Statement;
  readonly changeWrap?: (wrap: UnboundWrap) => UnboundWrap;
}

/** The receipt of a worker for a request. */
export async function createReceipt(
  worker: TestWorker,
  request: InferRequest,
  options: SignOptions = {},
): Promise<Bytes> {
  const honest = await stateResult(request, options.result);
  const statement = options.changeStatement?.(honest) ?? honest;
  const workerNonce = (await bytesFor(`nonce of ${worker.opened.record.operator}`)).slice(0, 16);
  const { workerKey } = worker.opened.record;
  const answer = { request: statement.request, workerKey, workerNonce };
  const wrap: UnboundWrap = {
    seat: request.seat,
    record: worker.opened.digest,
    workerNonce,
    keyedTraceRoot: await keyedTraceRoot(answer, options.innerDigests ?? INNER_DIGESTS),
    time: options.time ?? NOW,
  };
  return signReceipt(statement, options.changeWrap?.(wrap) ?? wrap, worker.secretKey);
}

/** A certificate file in which every worker signed the same result, in seats 0, 1, 2, … */
export async function createCertificateFile(
  workers: readonly TestWorker[],
  policy: PolicyReference,
  change: (file: CertificateFile) => CertificateFile = (file) => file,
  options: SignOptions = {},
): Promise<Bytes> {
  const request = await createRequest(policy);
  const signatures: CertificateSignature[] = [];
  for (const [seat, worker] of workers.entries())
    signatures.push(await openReceipt(await createReceipt(worker, { ...request, seat }, options)));
  const honest = await stateResult(request, options.result);
  const statement = options.changeStatement?.(honest) ?? honest;
  const file: CertificateFile = {
    certificate: { statement, signatures },
    question: request,
    outputs: options.result?.outputs ?? OUTPUTS,
    records: workers.map((worker) => worker.opened.bytes),
  };
  return encodeCertificateFile(change(file));
}

/** Digests ascending, as records hold them. */
export function sortDigests(digests: readonly Bytes[]): Bytes[] {
  return digests.toSorted(compareBytes);
}
