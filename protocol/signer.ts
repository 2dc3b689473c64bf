// Who stands behind a receipt: the record it names, opened at the time it was signed.

import { type Bytes, equalBytes } from "./bytes.ts";
import { VerificationError } from "./errors.ts";
import type { Party } from "./policy.ts";
import { type OpenedRecord, openRecord, recordDigest } from "./record.ts";
import type { Statement, Wrap } from "./statement.ts";

/** One signature's worker and operator, as the record says that it names. Names are claims; keys and times held. */
export interface Signer extends Party {
  readonly workerKey: Bytes;
  readonly region: string;
  readonly seat: number;
  readonly time: number; // unix milliseconds, by the worker's clock
  readonly record: OpenedRecord;
}

/**
 * Cheap, so that callers can ask it of all records before any signature. Throws DecodeError, VerificationError
 * `header_mismatch`, `record_mismatch`.
 */
export async function checkRecordNamed(wrap: Wrap, recordBytes: Bytes): Promise<void> {
  if (!equalBytes(await recordDigest(recordBytes), wrap.record))
    throw new VerificationError("record_mismatch", "the record is not the one that the receipt names");
}

/**
 * Opens the record that `signed.wrap` names, as of the wrap's time. Throws DecodeError, VerificationError
 * `record_mismatch`, `worker_mismatch`, `model_mismatch`, `engine_mismatch` and whatever openRecord throws.
 */
export async function openSigner(
  signed: { readonly key: Bytes; readonly wrap: Wrap; readonly statement: Statement },
  recordBytes: Bytes,
): Promise<Signer> {
  const { key, wrap, statement } = signed;
  await checkRecordNamed(wrap, recordBytes);
  const opened = await openRecord(recordBytes, { now: wrap.time });
  const { workerKey, operator, operatorKey, provider, region, models, engines } = opened.record;
  if (!equalBytes(workerKey, key))
    throw new VerificationError("worker_mismatch", "the receipt is signed by another key than its record's");
  if (!models.some((model) => equalBytes(model, statement.model)))
    throw new VerificationError("model_mismatch", `the record of ${operator} does not list the model`);
  if (!engines.some((engine) => equalBytes(engine, statement.engine)))
    throw new VerificationError("engine_mismatch", `the record of ${operator} does not list the engine`);
  return {
    workerKey,
    operator,
    operatorKey,
    provider,
    region,
    seat: wrap.seat,
    time: wrap.time,
    record: opened,
  };
}
