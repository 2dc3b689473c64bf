// Vices in what is signed, and under which key. Each stands in for infer(): it gets the decoded request and gives an
// encoded reply, so however requests and replies travel is the honest worker's business.

import type { Model } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { INFER_PATH, RECORD_PATH, SEALED_REQUEST_MEDIA_TYPE } from "../../protocol/http.ts";
import { DIGEST_BYTES, NONCE_BYTES } from "../../protocol/limits.ts";
import { openReceipt, signReceipt } from "../../protocol/receipt.ts";
import { openRecord } from "../../protocol/record.ts";
import { decodeAnswer, encodeReply } from "../../protocol/reply.ts";
import { encodeRequest, type InferRequest } from "../../protocol/request.ts";
import { sealRequest } from "../../protocol/sealing.ts";
import type { InferenceOptions } from "../inference/app.ts";
import { infer, type Signing } from "../inference/infer.ts";
import { flipBit, invent, lieAbout, turn } from "./lies.ts";

/** What stands in for infer(). */
export type Inference = InferenceOptions["infer"];

/** All who share a mark tell the same lie. */
const COLLUDING_MARK = Uint8Array.of(1, 1);
const TWIN_MARK = Uint8Array.of(2, 2);

/** A wrong output, another one than any other liar's: agreeing on one is another vice. */
export const lie: Inference = (model, request, signing) =>
  infer(
    lieAbout(model, (output) => turn(output, signing.workerKey)),
    request,
    signing,
  );

/** Everything right but one bit. */
export const shade: Inference = (model, request, signing) =>
  infer(lieAbout(model, flipBit), request, signing);

/** The same wrong output as everyone else who colludes. */
export const collude: Inference = (model, request, signing) =>
  infer(
    lieAbout(model, (output) => turn(output, COLLUDING_MARK)),
    request,
    signing,
  );

/** As colluding, among workers of one operator. */
export const double: Inference = (model, request, signing) =>
  infer(
    lieAbout(model, (output) => turn(output, TWIN_MARK)),
    request,
    signing,
  );

/** Runs nothing. */
export const idle: Inference = (model, request, signing) =>
  infer({ ...model, run: () => invent(model, request) }, request, signing);

/** One result in even seats, another in odd ones. */
export const equivocate: Inference = (model, request, signing) =>
  (request.seat % 2 === 0 ? infer : lie)(model, request, signing);

/** Signs that another engine than the one that was asked for ran. */
export const nameAnotherEngine: Inference = (model, request, signing) =>
  infer(model, { ...request, engine: other(request.engine) }, signing);

/** Signs that another model than the one that was asked for ran. */
export const nameAnotherModel: Inference = (model, request, signing) =>
  infer(model, { ...request, model: other(request.model) }, signing);

function other(digest: Bytes): Bytes {
  return digest.map((byte) => byte ^ 0xff);
}

/** Signs with a key that its record does not name: the one before, as it were. */
export const signWithOldKey: Inference = async (model, request, signing) => {
  const secretKey = await digestRaw(signing.secretKey);
  return infer(model, request, { ...signing, secretKey, workerKey: await publicKey(secretKey) });
};

/** Its first reply, whatever is asked later. */
export function createReplay(): Inference {
  let first: Bytes | null = null;
  return async (model, request, signing) => {
    first ??= await infer(model, request, signing);
    return first;
  };
}

/** Another worker's result, signed as one's own. `source` is the other's origin. Rejects where the other gives none. */
export function createCopy(source: string, fetch: InferenceOptions["fetch"]): Inference {
  return async (_model: Model, request: InferRequest, { secretKey, record, clock, randomBytes }: Signing) => {
    const take = async (path: string, init: RequestInit) =>
      new Uint8Array(await (await fetch(`${source}${path}`, init)).arrayBuffer());
    // Nobody can copy an answer that is sealed to somebody else, so it asks for itself, as a client does.
    const { workerKey, sealingKeys } = (await openRecord(await take(RECORD_PATH, {}), { now: clock() }))
      .record;
    const recipient = { workerKey, sealingKey: sealingKeys[0]! };
    const sealed = await sealRequest(encodeRequest(request), request.sizeBucket, recipient);
    const headers = { "content-type": SEALED_REQUEST_MEDIA_TYPE };
    const sent = { method: "POST", headers, body: sealed.bytes };
    const answer = decodeAnswer(await sealed.openReply(await take(INFER_PATH, sent)));
    if (answer.outcome === "refused") throw new TypeError(`${source} gives nothing to copy`);
    const { receipt, outputs, blocks } = answer.reply;
    const { statement, wrap } = await openReceipt(receipt);
    const copied = {
      statement: wrap.statement,
      seat: request.seat,
      record,
      workerNonce: randomBytes(NONCE_BYTES),
      // Nobody makes this one without the inner digests, and those were not in the reply.
      keyedTraceRoot: randomBytes(DIGEST_BYTES),
      time: clock(),
    };
    return encodeReply({ receipt: await signReceipt(statement, copied, secretKey), outputs, blocks });
  };
}
