// What the isolates of one worker share: the seeds of its sealing keys, and which messages it has taken. A key is used in
// the period that it belongs to and opens for one period more; then its row is deleted, and what was sealed to it stays
// sealed.

import { DurableObject } from "cloudflare:workers";
import type { Bytes } from "../protocol/bytes.ts";
import { MAX_CLAIMS, SEALING_KEY_BYTES, SEALING_PERIOD_MS } from "../protocol/limits.ts";
import { createSealingSchema } from "./sealing-schema.ts";

/** So many claims that are over go with a new one at most: each request takes bounded time, and they grow fewer. */
const SWEPT_CLAIMS = 64;

export class SealingStore extends DurableObject {
  readonly #sql: SqlStorage;
  /** Unix ms. */
  readonly #clock: () => number;
  /** Rows of claims. Counting them would read them all, for every request. */
  #claims: number;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env, clock: () => number = () => Date.now()) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#clock = clock;
    createSealingSchema(this.#sql);
    this.#claims = this.#sql.exec<{ count: number }>("SELECT COUNT(*) AS count FROM claims").one().count;
  }

  /**
   * The seed of a period of SEALING_PERIOD_MS, counted from 1970: the present one, and its neighbours, since clocks
   * differ. Made where it is not there yet; null for any other.
   */
  seedOf(period: number): Bytes | null {
    const present = Math.floor(this.#clock() / SEALING_PERIOD_MS);
    this.#forgetSeeds(present);
    if (Math.abs(period - present) > 1) return null;
    const [known] = this.#sql.exec<{ seed: ArrayBuffer }>("SELECT seed FROM seeds WHERE period = ?", period);
    if (known !== undefined) return new Uint8Array(known.seed);
    // Before the row, so that no seed is without the alarm that deletes it. Not awaited: the output gate holds the seed
    // back until both are durable.
    void this.ctx.storage.setAlarm((present + 1) * SEALING_PERIOD_MS);
    const seed = crypto.getRandomValues(new Uint8Array(SEALING_KEY_BYTES));
    this.#sql.exec("INSERT INTO seeds (period, seed) VALUES (?, ?)", period, seed);
    return seed;
  }

  /**
   * Notes a message by its name until its deadline (unix ms), and says whether it is the first of that name. Where
   * MAX_CLAIMS are noted, one with the latest deadline is forgotten: whoever floods the table loses its own first.
   */
  claim(name: Uint8Array, deadline: number): boolean {
    const [known] = this.#sql.exec("SELECT 1 FROM claims WHERE name = ?", name);
    if (known !== undefined) return false;
    this.#delete("SELECT name FROM claims WHERE deadline <= ? LIMIT ?", this.#clock(), SWEPT_CLAIMS);
    this.#sql.exec("INSERT INTO claims (name, deadline) VALUES (?, ?)", name, deadline);
    this.#claims++;
    if (this.#claims > MAX_CLAIMS) this.#delete("SELECT name FROM claims ORDER BY deadline DESC LIMIT 1");
    return true;
  }

  /** Deletes what is over. Running it early, late or twice does no harm. */
  override alarm(): void {
    const now = this.#clock();
    const present = Math.floor(now / SEALING_PERIOD_MS);
    this.#forgetSeeds(present);
    this.#delete("SELECT name FROM claims WHERE deadline <= ?", now);
    const { left } = this.#sql.exec<{ left: number }>("SELECT COUNT(*) AS left FROM seeds").one();
    if (left > 0) void this.ctx.storage.setAlarm((present + 1) * SEALING_PERIOD_MS);
  }

  #forgetSeeds(present: number): void {
    this.#sql.exec("DELETE FROM seeds WHERE period < ?", present - 1);
  }

  /** Deletes the claims that the query names. */
  #delete(query: string, ...parameters: number[]): void {
    this.#sql.exec(`DELETE FROM claims WHERE name IN (${query})`, ...parameters);
    this.#claims -= this.#sql.exec<{ count: number }>("SELECT changes() AS count").one().count;
  }
}
