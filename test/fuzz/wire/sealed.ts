// What is sealed. Whoever seals chooses every byte inside, so the fuzzer seals what it changed, to the real keys of
// worker and client; and it changes what honest ones sealed, which nobody may open.

import assert from "node:assert/strict";
import { askWorker } from "../../../client/ask.ts";
import type { Expectation } from "../../../client/check.ts";
import { askReferee } from "../../../client/referee.ts";
import { type Bytes, formatHex } from "../../../protocol/bytes.ts";
import { CodedError } from "../../../protocol/errors.ts";
import {
  INFER_PATH,
  JUDGE_PATH,
  SEALED_REPLY_MEDIA_TYPE,
  SEALED_REQUEST_MEDIA_TYPE,
} from "../../../protocol/http.ts";
import { bucketFor, pad } from "../../../protocol/padding.ts";
import { decodeRequest } from "../../../protocol/request.ts";
import { decodeSealedRequest, openSealedRequest, sealRequest } from "../../../protocol/sealing.ts";
import { bytesFor, NOW, type TestWorker } from "../../protocol/fixtures.ts";
import { sealPadded } from "../../protocol/hpke-sender.ts";
import { createEvidence } from "../../support/evidence.ts";
import { checkAnswer, checkJudgement, RECIPIENT, REQUEST, Refused, send, worker } from "./hosts.ts";
import type { Target } from "./target.ts";

/** A failure of one seat, as the coded error that it was. */
class Failed extends CodedError {}

/** Sealed to the fuzzed worker, and its answer opened. Throws Refused for what is answered with a problem document. */
async function converse(path: string, content: Bytes, bucket: number): Promise<Bytes> {
  const sealed = await sealRequest(content, bucket, RECIPIENT);
  return sealed.openReply(await send(worker, "POST", path, SEALED_REQUEST_MEDIA_TYPE, sealed.bytes));
}

/** The bucket that a request names, or the smallest for what names none. */
function bucketOf(bytes: Bytes): { readonly bucket: number; readonly isRequest: boolean } {
  try {
    return { bucket: decodeRequest(bytes).sizeBucket, isRequest: true };
  } catch {
    return { bucket: bucketFor(bytes.length), isRequest: false };
  }
}

const ephemeral = await bytesFor("ephemeral");
const padded = pad(REQUEST, bucketOf(REQUEST).bucket);
const sealedRequest = await sealPadded(ephemeral, padded, RECIPIENT);

export const SEALED_TO_WORKER: readonly Target[] = [
  {
    name: `POST ${INFER_PATH}, sealed`,
    sources: [REQUEST],
    async open(bytes) {
      const { bucket, isRequest } = bucketOf(bytes);
      const answer = await converse(INFER_PATH, bytes, bucket).catch((error: unknown) => {
        // How the worker is must not show in a status.
        const isShown = error instanceof Refused && error.code !== "body_too_large";
        assert.ok(!(isRequest && isShown), `a readable request was answered with ${error}`);
        throw error;
      });
      await checkAnswer(answer, bytes);
    },
  },
  {
    name: `POST ${JUDGE_PATH}, sealed`,
    sources: [await createEvidence()],
    open: async (bytes) => checkJudgement(await converse(JUDGE_PATH, bytes, bucketFor(bytes.length)), bytes),
  },
  {
    name: `POST ${INFER_PATH}, padded by hand and sealed`,
    // The second is in another bucket than it names.
    sources: [padded, pad(REQUEST, bucketFor(padded.length))],
    async open(bytes) {
      const sealed = await sealPadded(ephemeral, bytes, RECIPIENT);
      await send(worker, "POST", INFER_PATH, SEALED_REQUEST_MEDIA_TYPE, sealed);
      const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
      assert.ok(
        bytes.subarray(end).every((byte) => byte === 0),
        "padding that is not zero is taken",
      );
      const { sizeBucket } = decodeRequest(bytes.slice(4, end));
      assert.equal(sizeBucket, bytes.length, "a request in another bucket than it names is taken");
    },
  },
  {
    name: `POST ${INFER_PATH}, changed in its seal`,
    sources: [sealedRequest],
    async open(bytes) {
      await send(worker, "POST", INFER_PATH, SEALED_REQUEST_MEDIA_TYPE, bytes);
      assert.equal(formatHex(bytes), formatHex(sealedRequest), "another seal than the honest one was opened");
    },
  },
];

/** A worker with this one's keys that seals `answer`, whatever it is asked. */
function answering({ sealing, opened }: TestWorker, answer: Bytes) {
  return async (_url: string, init: RequestInit): Promise<Response> => {
    const closed = decodeSealedRequest(init.body as Bytes);
    const { sealReply } = await openSealedRequest(closed, sealing, opened.record.workerKey);
    const body = await sealReply(answer, new Uint8Array(16));
    return new Response(body, { headers: { "content-type": SEALED_REPLY_MEDIA_TYPE } });
  };
}

const clock = { now: () => NOW, after: () => () => {} };

/** A client asks `worker`, which seals what the fuzzer made of its answers; the first is the one it may sign. */
export function createAsking(given: {
  readonly worker: TestWorker;
  readonly expectation: Expectation; // of what is asked in seat 0
  readonly answers: readonly Bytes[];
}): Target {
  const { worker, expectation, answers } = given;
  const { operator, workerKey } = worker.opened.record;
  return {
    name: `asking ${operator}, which seals its answers`,
    sources: answers,
    async open(bytes) {
      const verdict = await askWorker({
        ...{ expectation, seat: 0, record: worker.opened, allowPlain: false, clock },
        fetch: answering(worker, bytes),
        signal: new AbortController().signal,
      });
      if (verdict.outcome === "failed") {
        assert.equal(verdict.cause, null, "a fault of the client");
        throw new Failed(verdict.code, verdict.detail);
      }
      const { key, statement } = verdict.receipt;
      assert.deepEqual(
        [key, statement.request, statement.inputCommitment].map(String),
        [workerKey, expectation.stated.request, expectation.stated.inputCommitment].map(String),
      );
      if (operator === "a.example")
        assert.equal(formatHex(bytes), formatHex(answers[0]!), "another reply than the honest one is taken");
    },
  };
}

/** A client has `referee` judge evidence, which seals what the fuzzer made of its judgement. */
export function createJudging(given: {
  readonly referee: TestWorker;
  readonly evidence: Bytes;
  readonly judgement: Bytes;
}): Target {
  const { referee, evidence, judgement } = given;
  return {
    name: "asking a referee, which seals its judgement",
    sources: [judgement],
    async open(bytes) {
      await askReferee({
        ...{ record: referee.opened, evidence, allowPlain: false, clock, deadline: NOW + 1000 },
        fetch: answering(referee, bytes),
      });
      assert.equal(formatHex(bytes), formatHex(judgement), "another judgement than the honest one is taken");
    },
  };
}
