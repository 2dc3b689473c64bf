// Workers on loopback: real HTTP, real keys, real signatures, and a small function in place of a model. Each has a
// part to play, which a test can change at any time.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LocalRerun } from "../../client/rerun.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { concatBytes, equalBytes, utf8 } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { DecodeError } from "../../protocol/errors.ts";
import { evidenceDigest, openEvidence } from "../../protocol/evidence.ts";
import { CBOR_MEDIA_TYPE, SEALED_REPLY_MEDIA_TYPE } from "../../protocol/http.ts";
import { judgeEvidence, type Reexecution, requireOpening } from "../../protocol/judge.ts";
import { type Judgement, signJudgement } from "../../protocol/judgement.ts";
import { formatProblem, PROBLEM_CONTENT_TYPE } from "../../protocol/problem.ts";
import type { OpenedRecord, WorkerRecord } from "../../protocol/record.ts";
import { type Refusal, signRefusal } from "../../protocol/refusal.ts";
import { encodeRefusedReply, encodeReply } from "../../protocol/reply.ts";
import { decodeRequest, type InferRequest, requestDigest } from "../../protocol/request.ts";
import { decodeSealedRequest, openSealedRequest } from "../../protocol/sealing.ts";
import { blockDigest } from "../../protocol/statement.ts";
import {
  bytesFor,
  createReceipt,
  createWorker,
  NOW,
  type SignOptions,
  type TestWorker,
} from "../protocol/fixtures.ts";

const OP_COUNT = 7; // what fixtures sign

/** Two blocks: bytes reversed, then each xor 0x5a. Deterministic, and a single input byte changes both. */
export const RERUN: LocalRerun = {
  async run({ inputs }) {
    const first = inputs[0]!.data.slice().reverse();
    const second = first.map((byte) => byte ^ 0x5a);
    const outputs = [first, second];
    return {
      outputs: [{ dtype: "u8", shape: [second.length], data: second }],
      blocks: await Promise.all(outputs.map(blockDigest)),
      innerDigests: await Promise.all(outputs.map(digestRaw)),
      opCount: OP_COUNT,
    };
  },
};

/** What a worker sends: a status, a content type and a body, or null for silence. */
export interface Sent {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly body: Uint8Array;
}

export type Part = (request: InferRequest, worker: TestWorker) => Promise<Sent | null>;

/** A part that computes honestly and may change what it signs or sends. */
export function signing(
  change: (request: InferRequest) => SignOptions,
  send: Partial<Parameters<typeof encodeReply>[0]> = {},
): Part {
  return async (request, worker) => {
    const run = await RERUN.run({ inputs: request.inputs });
    const options = { result: run, innerDigests: run.innerDigests, ...change(request) };
    const receipt = await createReceipt(worker, request, options);
    const { outputs, blocks } = options.result;
    return { body: encodeReply({ receipt, outputs, blocks, ...send }) };
  };
}

export const honest: Part = signing(() => ({}));
/** All liars tell the same lie: outputs of zeros, with a trace to match. */
export const lying: Part = signing(({ inputs }) => ({
  result: {
    outputs: [{ dtype: "u8", shape: [inputs[0]!.data.length], data: new Uint8Array(inputs[0]!.data.length) }],
    blocks: [new Uint8Array(32)],
  },
}));
/** Another lie than the other liars'. */
export const lyingAlone: Part = signing(() => ({
  result: { outputs: [{ dtype: "u8", shape: [1], data: Uint8Array.of(7) }], blocks: [new Uint8Array(32)] },
}));
/** Signs the right result with the digests that a reply shows in place of the inner ones, as one that copied it must. */
export const copying: Part = async (request, worker) => {
  const { blocks } = await RERUN.run({ inputs: request.inputs });
  return signing(() => ({ innerDigests: blocks }))(request, worker);
};
export const silent: Part = async () => null;
/** A signed refusal; `change` goes over what it says. */
export function refusingWith(change: (refusal: Refusal) => Refusal): Part {
  return async (request, { secretKey }) => {
    const { seat } = request;
    const honest = {
      request: await requestDigest(request),
      seat,
      code: "memory_exhausted",
      time: NOW,
    } as const;
    const refusal = await signRefusal(change(honest), secretKey);
    return { body: encodeRefusedReply({ refusal, detail: "the model does not fit;\nask again" }) };
  };
}
export const refusing: Part = refusingWith((refusal) => refusal);
export const overloaded: Part = refusingWith((refusal) => ({ ...refusal, code: "overloaded" }));
/** Does not even read the request. */
export const failing: Part = async () => {
  const problem = formatProblem(new DecodeError("malformed", "not one CBOR item; encode it again"));
  return { status: problem.status, type: PROBLEM_CONTENT_TYPE, body: utf8(JSON.stringify(problem)) };
};

/** What a worker answers to evidence. */
export type RefereePart = (evidence: Bytes, worker: TestWorker) => Promise<Sent | null>;

/** A referee that computes honestly and may change what it signs. */
export function judging(change: (judgement: Judgement) => Judgement = (judgement) => judgement): RefereePart {
  return async (bytes, worker) => {
    const evidence = requireOpening(await openEvidence(bytes));
    const ruling = await judgeEvidence(evidence, WHOLE, "model");
    const { digest: record } = worker.opened;
    const judgement = change({ evidence: await evidenceDigest(evidence), ...ruling, record, time: NOW });
    return { body: await signJudgement(judgement, worker.secretKey) };
  };
}

/** The function has no use for parts of itself. */
export const WHOLE: Reexecution = {
  ...RERUN,
  manifest: { blocks: [0, 1] },
  runBlocks: () => Promise.reject(new TypeError("runBlocks is not played")),
  runBlock: () => Promise.reject(new TypeError("runBlock is not played")),
};

export interface NetworkWorker {
  readonly worker: TestWorker;
  judge: RefereePart; // of those that judge
  readonly judged: Bytes[]; // the evidence that it was asked to judge
  part: Part;
  shown: Bytes; // what GET /v1/record answers
  readonly seats: number[]; // the seats it was asked in
}

export interface Network {
  readonly workers: readonly NetworkWorker[];
  readonly records: readonly OpenedRecord[];
  /** The worker behind a record. */
  of(record: OpenedRecord): NetworkWorker;
  close(): Promise<void>;
}

/**
 * One honest worker of its own operator for each provider named; `names` are the workers' and so the operators'. All of
 * them judge where `isReferee` says so.
 */
export async function startNetwork(
  providers: readonly string[],
  {
    names = providers.map((_, index) => `operator-${index}`),
    isReferee = false,
  }: { readonly names?: readonly string[]; readonly isReferee?: boolean } = {},
): Promise<Network> {
  const servers: Server[] = [];
  const workers: NetworkWorker[] = [];
  for (const [index, provider] of providers.entries()) {
    const server = createServer((request, response) => {
      answer(workers[index]!, request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    const endpoint = await listen(server);
    servers.push(server);
    const change = (record: WorkerRecord) => ({ ...record, isReferee });
    const worker = await createWorker(names[index]!, { provider, endpoint, change });
    const shown = worker.opened.bytes;
    workers.push({ worker, part: honest, judge: judging(), judged: [], shown, seats: [] });
  }
  return {
    workers,
    records: workers.map(({ worker }) => worker.opened),
    of: (record) => workers.find(({ worker }) => worker.opened.digest.join() === record.digest.join())!,
    close: () => closeAll(servers),
  };
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closeAll(servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function answer(
  worker: NetworkWorker,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  if (request.method === "GET" && request.url === "/v1/record") {
    response.writeHead(200, { "content-type": 'application/cose; cose-type="cose-sign1"' });
    response.end(worker.shown);
    return;
  }
  const sent = await unseal(worker, request, concatBytes(...parts));
  if (sent === null) return; // the connection stays open and nothing comes
  response.writeHead(sent.status ?? 200, {
    "content-type": sent.type ?? "application/cbor",
    ...sent.headers,
  });
  response.end(sent.body);
}

/** What came sealed is played opened. A part's answer of 200 goes back sealed; whatever else it sends goes as it is. */
async function unseal(worker: NetworkWorker, request: IncomingMessage, body: Bytes): Promise<Sent | null> {
  const { opened, sealing } = worker.worker;
  const route = `${request.method} ${request.url}`;
  if (request.headers["content-type"] === CBOR_MEDIA_TYPE) return play(worker, route, body);
  const closed = decodeSealedRequest(body);
  if (!equalBytes(closed.sealingKey, sealing.publicKey)) throw new Error("sealed to another key");
  const { content, sealReply } = await openSealedRequest(closed, sealing, opened.record.workerKey);
  const sent = await play(worker, route, content);
  const isAnswer = sent !== null && (sent.status ?? 200) === 200 && sent.type === undefined;
  if (!isAnswer) return sent;
  const answer = await sealReply(concatBytes(sent.body), new Uint8Array(16).fill(worker.seats.length));
  return { ...sent, type: SEALED_REPLY_MEDIA_TYPE, body: answer };
}

function play(worker: NetworkWorker, route: string, body: Bytes): Promise<Sent | null> {
  if (route === "POST /v1/judge") {
    worker.judged.push(body);
    return worker.judge(body, worker.worker);
  }
  if (route !== "POST /v1/infer") throw new Error(route);
  const asked = decodeRequest(body);
  worker.seats.push(asked.seat);
  return worker.part(asked, worker.worker);
}

/** Bytes for askQuorum: the same seed, nonce and salt each time; `audited` decides the draw. */
export function createRandom(audited: boolean): (length: number) => Bytes {
  return (length) =>
    length === 4
      ? new Uint8Array(4).fill(audited ? 0 : 0xff)
      : Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);
}

/** The seed that createRandom gives to askQuorum. */
export const SEED = createRandom(false)(32);

/** A second key for the name's worker, for parts that sign with the wrong one. */
export function strangerKey(): Promise<Bytes> {
  return bytesFor("a stranger's worker key");
}
