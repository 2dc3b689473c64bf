// The registry of a region: the newest signed record of each worker key, until it expires. It judges form,
// signature, delegation, time and order; it does not judge whether a worker is any good.

import { DurableObject } from "cloudflare:workers";
import { type Bytes, equalBytes } from "../protocol/bytes.ts";
import { CodedError, RegistryError } from "../protocol/errors.ts";
import { formatProblem, type Problem } from "../protocol/problem.ts";
import { type OpenedRecord, openRecord } from "../protocol/record.ts";
import { encodeRecordList } from "../protocol/record-list.ts";
import {
  KEY_MEMORY_SECONDS,
  MAX_PLACES,
  MAX_PLACES_PER_OPERATOR,
  MAX_QUARANTINED_KEYS,
  PLACE_BYTES,
} from "./limits.ts";
import { createSchema } from "./registry-schema.ts";

interface RecordRow extends Record<string, SqlStorageValue> {
  seq: number;
  digest: ArrayBuffer;
  bytes: ArrayBuffer | null;
}

export class Registry extends DurableObject {
  readonly #sql: SqlStorage;
  /** Unix ms. */
  readonly #clock: () => number;
  /** Unix ms of the alarm that is set; null if there is none. Owned by the constructor, alarm() and #setNextAlarm(). */
  #alarmAt: number | null = null;
  /**
   * What list() gave last, until unix s `until`; null once a row has changed. Whoever writes `records` sets it to null
   * first.
   */
  #list: { readonly encoded: Bytes; readonly until: number } | null = null;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, clock: () => number = () => Date.now()) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#clock = clock;
    createSchema(this.#sql);
    // A crash between rows and alarm is repaired here, by the same code that sets the alarm otherwise.
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm();
      this.#setNextAlarm();
    });
  }

  /**
   * Keeps a signed record: null, or why not: the codes of openRecord, `record_stale`, `record_conflict`,
   * `key_quarantined`, `operator_full`, `registry_full`. The refusal is data, because RPC carries no error classes.
   * A repetition of the kept record is kept: publishing is idempotent.
   */
  async put(bytes: Bytes): Promise<Problem | null> {
    // attacker-controlled: the record. The region's app has opened it already, which keeps floods of what nobody
    // signed away from this one object; it is opened again here, because the rows hold what this object knows.
    let opened: OpenedRecord;
    try {
      opened = await openRecord(bytes, { now: this.#clock() });
    } catch (error) {
      if (error instanceof CodedError) return formatProblem(error);
      throw error;
    }
    // Nothing awaits from here to the end: two records of one key are decided one after the other, and the rows
    // and the alarm become durable together or not at all.
    const refusal = this.ctx.storage.transactionSync(() => this.#keep(opened));
    this.#setNextAlarm();
    return refusal === null ? null : formatProblem(refusal);
  }

  /** An encoded RecordList: the signed records that have not expired, ordered by worker key. */
  list(): Bytes {
    const now = this.#now();
    if (this.#list !== null && now < this.#list.until) return this.#list.encoded;
    const rows = this.#sql
      .exec<{ bytes: ArrayBuffer; expires_at: number }>(
        "SELECT bytes, expires_at FROM records WHERE bytes IS NOT NULL AND expires_at > ? ORDER BY worker_key",
        now,
      )
      .toArray();
    const encoded = encodeRecordList(rows.map(({ bytes }) => new Uint8Array(bytes)));
    this.#list = { encoded, until: Math.min(...rows.map(({ expires_at }) => expires_at)) };
    return encoded;
  }

  /** How many records list() would hold. */
  count(): number {
    return this.#sql
      .exec<{ live: number }>(
        "SELECT COUNT(*) AS live FROM records WHERE bytes IS NOT NULL AND expires_at > ?",
        this.#now(),
      )
      .one().live;
  }

  /** Drops what is due. Running it early, late or twice does no harm. */
  override alarm(): void {
    const now = this.#now();
    this.#alarmAt = null;
    this.#list = null;
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec("UPDATE records SET bytes = NULL WHERE bytes IS NOT NULL AND expires_at <= ?", now);
      this.#sql.exec("DELETE FROM records WHERE forget_at <= ?", now);
      this.#sql.exec("DELETE FROM quarantine WHERE ends_at <= ?", now);
    });
    this.#setNextAlarm();
  }

  /** Returns the refusal and does not throw it: the transaction that quarantines a key must commit. */
  #keep({ record, digest, bytes }: OpenedRecord): RegistryError | null {
    const { workerKey, operatorKey, seq, expiresAt } = record;
    const now = this.#now();
    const [quarantined] = this.#sql.exec(
      "SELECT 1 FROM quarantine WHERE worker_key = ? AND ends_at > ?",
      workerKey,
      now,
    );
    if (quarantined !== undefined) {
      return new RegistryError(
        "key_quarantined",
        "this worker key signed two records with the same seq; use a new key",
      );
    }
    const [known] = this.#sql.exec<RecordRow>(
      "SELECT seq, digest, bytes FROM records WHERE worker_key = ?",
      workerKey,
    );
    if (known !== undefined && seq < known.seq) {
      return new RegistryError(
        "record_stale",
        `the record has seq ${seq}, but seq ${known.seq} is known; publish the newer one`,
      );
    }
    if (known !== undefined && seq === known.seq) {
      if (equalBytes(new Uint8Array(known.digest), digest)) return null;
      this.#quarantine(workerKey, known.bytes, bytes);
      return new RegistryError(
        "record_conflict",
        `seq ${seq} is known with different content and the worker key is quarantined; use a new key`,
      );
    }
    const full = this.#findFull(workerKey, operatorKey, bytes.length);
    if (full !== null) return full;
    this.#list = null; // before the rows: a write that fails may still have been made
    this.#sql.exec(
      "INSERT OR REPLACE INTO records (worker_key, operator_key, seq, digest, bytes, expires_at, forget_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      workerKey,
      operatorKey,
      seq,
      digest,
      bytes,
      expiresAt,
      Math.ceil(now + KEY_MEMORY_SECONDS),
    );
    return null;
  }

  #quarantine(workerKey: Bytes, kept: ArrayBuffer | null, refused: Bytes): void {
    this.#list = null;
    this.#sql.exec("DELETE FROM records WHERE worker_key = ?", workerKey);
    // Quarantine has a quota of its own, so that faults cannot take the places of honest workers.
    this.#sql.exec(
      `DELETE FROM quarantine WHERE rowid IN
         (SELECT rowid FROM quarantine ORDER BY ends_at DESC LIMIT -1 OFFSET ?)`,
      MAX_QUARANTINED_KEYS - 1,
    );
    this.#sql.exec(
      "INSERT OR REPLACE INTO quarantine (worker_key, ends_at, kept, refused) VALUES (?, ?, ?, ?)",
      workerKey,
      Math.ceil(this.#now() + KEY_MEMORY_SECONDS),
      kept,
      refused,
    );
  }

  /**
   * Which quota another record of this key and size would break; null if none. Nothing is displaced, and what others
   * hold never grows past a quota: a record that takes no more places than the one it replaces always fits.
   */
  #findFull(workerKey: Bytes, operatorKey: Bytes, size: number): RegistryError | null {
    // A key whose record has expired holds one place until it is forgotten.
    const others = this.#sql
      .exec<{ places: number; operatorPlaces: number }>(
        `SELECT COALESCE(SUM(places), 0) AS places,
                COALESCE(SUM(IIF(operator_key = ?, places, 0)), 0) AS operatorPlaces
         FROM (SELECT operator_key, (COALESCE(LENGTH(bytes), 1) + ${PLACE_BYTES - 1}) / ${PLACE_BYTES} AS places
               FROM records WHERE worker_key <> ?)`,
        operatorKey,
        workerKey,
      )
      .one();
    const places = Math.ceil(size / PLACE_BYTES);
    if (others.operatorPlaces + places > MAX_PLACES_PER_OPERATOR) {
      return new RegistryError(
        "operator_full",
        `the operator key may hold ${MAX_PLACES_PER_OPERATOR} places here; wait until one of its keys is forgotten`,
      );
    }
    if (others.places + places > MAX_PLACES) {
      return new RegistryError(
        "registry_full",
        "the region has no place for another record; publish to another region",
      );
    }
    return null;
  }

  #setNextAlarm(): void {
    const { due } = this.#sql
      .exec<{ due: number | null }>(
        `SELECT MIN(due) AS due FROM (
           SELECT MIN(IIF(bytes IS NULL, forget_at, expires_at)) AS due FROM records
           UNION ALL SELECT MIN(ends_at) FROM quarantine)`,
      )
      .one();
    if (due === null || due * 1000 === this.#alarmAt) return;
    // Not awaited: the output gate holds every reply until this is durable, and an await would part it from the rows.
    void this.ctx.storage.setAlarm(due * 1000);
    this.#alarmAt = due * 1000;
  }

  /** Unix seconds, as records count them. */
  #now(): number {
    return this.#clock() / 1000;
  }
}
