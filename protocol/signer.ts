// Who stands behind a receipt: the record it names, opened at the time it was signed.

import { type Bytes, equalBytes } from "./bytes.ts";
import { VerificationError } from "./errors.ts";
import { MAX_CLOCK_SKEW_MS, MAX_DEADLINE_MS } from "./limits.ts";
import type { Party } from "./policy.ts";
import { type OpenedRecord, openRecord, recordDigest } from "./record.ts";
import type { Statement, Wrap } from "./statement.ts";

/**
 * One signature's worker and operator, as the record says that it names. Keys, seat and time held; the names of
 * operator, provider and region are claims.
 */
export interface SignerFacts extends Party {
  readonly workerKey: Bytes;
  readonly region: string;
  readonly seat: number;
  readonly time: number; // unix milliseconds, by the worker's clock
}

/** With the record that says it. */
export interface Signer extends SignerFacts {
  readonly record: OpenedRecord;
}

/** A signer without its record. */
export function signerFacts({ record: _, ...facts }: Signer): SignerFacts {
  return facts;
}

/**
 * Cheap, so that callers can ask it of all records before any signature. Throws DecodeError, VerificationError
 * `header_mismatch`, `record_mismatch`.
 */
export async function checkRecordNamed(wrap: Pick<Wrap, "record">, recordBytes: Bytes): Promise<void> {
  if (!equalBytes(await recordDigest(recordBytes), wrap.record))
    throw new VerificationError(
      "record_mismatch",
      "the record is not the one that the signature names; get that one",
    );
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
  const { record: digest, time, seat } = wrap;
  const opened = await openRecordNamed({ key, digest, time, statement }, recordBytes);
  const { workerKey, operator, operatorKey, provider, region } = opened.record;
  return { workerKey, operator, operatorKey, provider, region, seat, time, record: opened };
}

/**
 * The record that a signer named by its digest, as of the time it signed: of its key, and for the model and the engine
 * of the statement. Throws as openSigner does.
 */
export async function openRecordNamed(
  signed: {
    readonly key: Bytes;
    readonly digest: Bytes;
    readonly time: number; // unix milliseconds
    readonly statement: Statement;
  },
  recordBytes: Bytes,
): Promise<OpenedRecord> {
  const { key, digest, time, statement } = signed;
  await checkRecordNamed({ record: digest }, recordBytes);
  const opened = await openRecord(recordBytes, { now: time });
  const { workerKey, operator, models, engines } = opened.record;
  if (!equalBytes(workerKey, key))
    throw new VerificationError(
      "worker_mismatch",
      "the signature is by another key than its record's; get the record of that key",
    );
  if (!models.some((model) => equalBytes(model, statement.model)))
    throw new VerificationError(
      "model_mismatch",
      `the record of ${operator} does not list the model; leave its signature out`,
    );
  if (!engines.some((engine) => equalBytes(engine, statement.engine)))
    throw new VerificationError(
      "engine_mismatch",
      `the record of ${operator} does not list the engine; leave its signature out`,
    );
  return opened;
}

/**
 * A signed time must lie where an honest worker's clock could be while the request was open. `deadline` is unix
 * milliseconds. Throws VerificationError `time_mismatch`.
 */
export function checkSignedTime({ time }: Pick<Wrap, "time">, deadline: number): void {
  if (time > deadline + MAX_CLOCK_SKEW_MS || time < deadline - MAX_DEADLINE_MS - MAX_CLOCK_SKEW_MS)
    throw new VerificationError(
      "time_mismatch",
      `a worker signed at ${time} ms, when a request with the deadline ${deadline} ms was not open; ask again`,
    );
}
