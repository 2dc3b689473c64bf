// Workers renew their records while a directory is in use. A receipt under a newer record is as good, provided that
// the newer one is by the same worker of the same operator and provider: what was chosen is what answered.

import { equalBytes } from "../protocol/bytes.ts";
import { VerificationError } from "../protocol/errors.ts";
import { COSE_MEDIA_TYPE, RECORD_PATH } from "../protocol/http.ts";
import { MAX_RECORD_BYTES } from "../protocol/limits.ts";
import { type OpenedRecord, openRecord } from "../protocol/record.ts";
import type { Clock } from "./clock.ts";
import { exchange, type Fetch } from "./transport.ts";

/**
 * The record that the worker shows now. Throws TransportError, DecodeError, VerificationError `record_mismatch` if it
 * is not a successor of `record`, and whatever openRecord throws.
 */
export async function fetchSuccessor(options: {
  readonly record: OpenedRecord;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly deadline: number; // unix milliseconds
  readonly signal: AbortSignal | null;
}): Promise<OpenedRecord> {
  const { record } = options;
  const known = record.record;
  const successor = await fetchRecord({ ...options, endpoint: known.endpoints[0]! });
  const { workerKey, operatorKey, operator, provider, seq } = successor.record;
  const isSame =
    equalBytes(workerKey, known.workerKey) &&
    equalBytes(operatorKey, known.operatorKey) &&
    operator === known.operator &&
    provider === known.provider;
  if (!isSame || seq <= known.seq)
    throw new VerificationError(
      "record_mismatch",
      `${known.operator} answered under a record that is not the successor of the one it was chosen by; get its record again`,
    );
  return successor;
}

/** The record that a worker shows at this origin, whoever's it is. Throws TransportError, and as openRecord does. */
export async function fetchRecord(options: {
  readonly endpoint: string;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly deadline: number; // unix milliseconds
  readonly signal: AbortSignal | null;
}): Promise<OpenedRecord> {
  const bytes = await exchange({
    ...options,
    url: `${options.endpoint}${RECORD_PATH}`,
    body: null,
    accept: COSE_MEDIA_TYPE,
    maxBytes: MAX_RECORD_BYTES,
  });
  // attacker-controlled: the worker chose when to show which record.
  return openRecord(bytes, { now: options.clock.now() });
}
