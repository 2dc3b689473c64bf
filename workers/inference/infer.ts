// One run of one model, from a request to a signed reply. The inputs are committed to as they came in, so an asker
// cannot make two honest workers sign different statements about one commitment.

import type { Model } from "../../engine/index.ts";
import { type Bytes, equalBytes, formatHex } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { MAX_CLOCK_SKEW_MS, MAX_DEADLINE_MS, NONCE_BYTES } from "../../protocol/limits.ts";
import { signReceipt } from "../../protocol/receipt.ts";
import { signRefusal } from "../../protocol/refusal.ts";
import { encodeRefusedReply, encodeReply } from "../../protocol/reply.ts";
import { type InferRequest, requestDigest } from "../../protocol/request.ts";
import { createStatement, keyedTraceRoot, stateQuestion } from "../../protocol/statement.ts";

/** What a worker signs with, and where it gets time and chance from. */
export interface Signing {
  readonly secretKey: Bytes;
  readonly workerKey: Bytes;
  /** Digest of the record that the worker answers under. */
  readonly record: Bytes;
  /** Unix ms. */
  clock(): number;
  randomBytes(length: number): Bytes;
}

/** Refuses what cannot be answered, before any work. Throws InferenceError engine_unknown, deadline_exceeded. */
export function checkRequest(request: InferRequest, engine: Bytes, now: number): void {
  // attacker-controlled: every field; a request carries no signature, so nothing of it was checked but its form.
  if (!equalBytes(request.engine, engine)) {
    throw new InferenceError(
      "engine_unknown",
      `this worker runs engine ${formatHex(engine)}; ask one whose record lists yours`,
    );
  }
  const ahead = request.deadline - now;
  if (ahead <= 0) {
    throw new InferenceError(
      "deadline_exceeded",
      `the deadline passed ${-ahead} ms ago by this worker's clock; ask again with a later one`,
    );
  }
  if (ahead > MAX_DEADLINE_MS + MAX_CLOCK_SKEW_MS) {
    throw new InferenceError(
      "deadline_exceeded",
      `the deadline is ${ahead} ms away; at most ${MAX_DEADLINE_MS} are allowed`,
    );
  }
}

/** Runs the model and signs what it gave. Returns an encoded InferReply. Throws InferenceError input_invalid. */
export async function infer(model: Model, request: InferRequest, signing: Signing): Promise<Bytes> {
  const { secretKey, workerKey, record, clock, randomBytes } = signing;
  const { inputs, seat } = request;
  // Begun before the run and awaited after it: the platform computes it beside it where it has a thread to spare.
  const stating = stateQuestion(request, inputs);
  const { outputs, blocks, innerDigests, opCount } = await model.run({ inputs });
  const stated = await stating;
  const workerNonce = randomBytes(NONCE_BYTES);
  const [statement, keyedRoot] = await Promise.all([
    createStatement({ request, stated, inputs, outputs, blocks, opCount }),
    keyedTraceRoot({ request: stated.request, workerKey, workerNonce }, innerDigests),
  ]);
  const wrap = { seat, record, workerNonce, keyedTraceRoot: keyedRoot, time: clock() };
  return encodeReply({ receipt: await signReceipt(statement, wrap, secretKey), outputs, blocks });
}

/** Signs that a request was not run, and why. Returns an encoded RefusedReply. */
export async function refuseRequest(
  request: InferRequest,
  { code, message }: InferenceError,
  { secretKey, now }: { readonly secretKey: Bytes; readonly now: number },
): Promise<Bytes> {
  const refusal = { request: await requestDigest(request), seat: request.seat, code, time: now };
  return encodeRefusedReply({ refusal: await signRefusal(refusal, secretKey), detail: message });
}
