// One worker at its capacity, and offered twice that: requests come at fixed times, whether or not others were answered.
import { setTimeout as delay } from "node:timers/promises";
import { loadArtifact } from "../cli/artifacts/artifacts.ts";
import { INFER_PATH, RECORD_PATH, SEALED_REQUEST_MEDIA_TYPE } from "../protocol/http.ts";
import { NONCE_BYTES } from "../protocol/limits.ts";
import { openRecord } from "../protocol/record.ts";
import { decodeAnswer } from "../protocol/reply.ts";
import { encodeRequest } from "../protocol/request.ts";
import { sealRequest } from "../protocol/sealing.ts";
import { createQuestion } from "./evidence.ts";
import type { Effort } from "./quorum.ts";
import { judge, quantile, type Row } from "./report.ts";
import { createRequest } from "./requests.ts";

const MODEL = "moderate-mobilenet-v2";
/** Askers of whom each waits for its answer: they keep the worker busy, and none is refused. */
const ASKERS = 3;
/** Requests for each run of the other rows: quantiles of a second or two. */
const REQUESTS_PER_RUN = 5;
const LOADS = [1, 2] as const;

interface Heard {
  readonly isSigned: boolean;
  readonly milliseconds: number;
}

/** `url` is the worker's. */
export async function benchLoad(url: string, { count, warmUp }: Effort): Promise<Row[]> {
  const ask = await createAsk(url);
  for (let run = 0; run < warmUp; run++) await ask();
  const requests = REQUESTS_PER_RUN * count;
  const capacity = await measureCapacity(ask, requests);
  const rows = [judge("one worker, capacity", capacity, "/s", null, null)];
  for (const load of LOADS) rows.push(...(await offer(ask, load, capacity, load * requests)));
  return rows;
}

async function createAsk(url: string): Promise<() => Promise<Heard>> {
  const model = await loadArtifact(MODEL, "simd128");
  const question = await createQuestion(model, [createRequest("u8", [1, 224, 224, 3])]);
  const shown = new Uint8Array(await (await fetch(`${url}${RECORD_PATH}`)).arrayBuffer());
  const { workerKey, sealingKeys } = (await openRecord(shown, { now: Date.now() })).record;
  const recipient = { workerKey, sealingKey: sealingKeys[0]! };
  return async () => {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const body = encodeRequest({ ...question, nonce, deadline: Date.now() + 60_000 });
    const start = performance.now();
    const sealed = await sealRequest(body, question.sizeBucket, recipient);
    const headers = { "content-type": SEALED_REQUEST_MEDIA_TYPE };
    const init = { method: "POST", headers, body: sealed.bytes };
    const response = await fetch(`${url}${INFER_PATH}`, init);
    const reply = await sealed.openReply(new Uint8Array(await response.arrayBuffer()));
    const { outcome } = decodeAnswer(reply);
    return { isSigned: outcome === "signed", milliseconds: performance.now() - start };
  };
}

/** Answers a second. */
async function measureCapacity(ask: () => Promise<Heard>, requests: number): Promise<number> {
  let left = requests;
  let answers = 0;
  const start = performance.now();
  const askInTurn = async () => {
    while (left-- > 0) if ((await ask()).isSigned) answers++;
  };
  await Promise.all(Array.from({ length: ASKERS }, askInTurn));
  return (1000 * answers) / (performance.now() - start);
}

async function offer(
  ask: () => Promise<Heard>,
  load: number,
  capacity: number,
  requests: number,
): Promise<Row[]> {
  const start = performance.now();
  const heard = await Promise.all(
    Array.from({ length: requests }, async (_, index) => {
      await delay((1000 * index) / (load * capacity));
      return ask();
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const times = heard
    .filter(({ isSigned }) => isSigned)
    .map(({ milliseconds }) => milliseconds)
    .sort((a, b) => a - b);
  const name = `one worker, ${load} × its capacity`;
  return [
    judge(`${name}, answers`, times.length / seconds, "/s", null, null),
    judge(`${name}, refused`, (100 * (requests - times.length)) / requests, "%", null, null),
    judge(`${name}, median of answers`, quantile(times, 0.5), "ms", null, null),
    judge(`${name}, p95 of answers`, quantile(times, 0.95), "ms", null, null),
  ];
}
