// One question as it goes to every seat: what is asked, and the client's own chance in it. docs/protocol.md §9.

import type { Bytes } from "../protocol/bytes.ts";
import { digest } from "../protocol/digest.ts";
import { MAX_DEADLINE_MS, NONCE_BYTES, SALT_BYTES } from "../protocol/limits.ts";
import type { Policy } from "../protocol/policy.ts";
import { chooseSizeBucket, type InferRequest } from "../protocol/request.ts";
import type { Tensor } from "../protocol/tensor.ts";

/** 32 bytes: as hard to guess as a key. */
const SEED_BYTES = 32;

/** Takes 32, 16 and 32 bytes of `random`, for seed, nonce and salt. Throws RangeError for a deadline out of range. */
export async function createQuestion(options: {
  readonly policy: Policy;
  readonly model: Bytes; // digest
  readonly engine: Bytes; // digest
  readonly inputs: readonly Tensor[];
  readonly deadlineMs: number; // at most 120,000
  readonly random: (length: number) => Bytes;
  readonly now: number; // unix milliseconds
}): Promise<{ readonly request: Omit<InferRequest, "seat">; readonly seed: Bytes }> {
  const { policy, model, engine, inputs, deadlineMs, random, now } = options;
  checkDuration("deadlineMs", deadlineMs, 1, MAX_DEADLINE_MS);
  const seed = random(SEED_BYTES);
  const request = {
    model,
    engine,
    nonce: random(NONCE_BYTES),
    deadline: now + deadlineMs,
    policy: policy.reference,
    sizeBucket: chooseSizeBucket(inputs),
    assignment: { mode: "S", seedDigest: await digest("seed", seed) },
    salt: random(SALT_BYTES),
    inputs,
  } as const;
  return { request, seed };
}

/**
 * Whether a request is audited. Takes 4 bytes of `random`: a uniform draw of 32 bits against thousandths, in integers.
 */
export function drawAudit({ auditPermille }: Policy, random: (length: number) => Bytes): boolean {
  return drawWord(random) * 1000 < auditPermille * 2 ** 32;
}

/** One of 0 to `count` − 1, each as often, to 2⁻³². Takes 4 bytes of `random`. */
export function drawBelow(count: number, random: (length: number) => Bytes): number {
  return Math.floor((drawWord(random) * count) / 2 ** 32);
}

function drawWord(random: (length: number) => Bytes): number {
  const bytes = random(4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** Throws RangeError. */
export function checkDuration(name: string, value: number, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw new RangeError(`${name} is ${value}; it must be ${min} to ${max} milliseconds`);
}
