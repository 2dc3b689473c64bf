// What a worker has a fixed amount of and hands out in shares. Whoever finds too little left is refused at once: nobody
// waits here, so those who were let in keep their latency, and the one thread is the only queue.

import { InferenceError } from "../../protocol/errors.ts";

interface Share {
  readonly amount: number;
  readonly since: number; // unix milliseconds
}

/** An amount of something, and who has which part of it now. */
export class Allowance {
  readonly #of: string;
  readonly #total: number;
  readonly #lapseMs: number;
  readonly #clock: () => number;
  readonly #shares = new Set<Share>();

  constructor(options: {
    /** What is shared, for messages. */
    readonly of: string;
    readonly total: number;
    /** A share is taken back after this long, whatever became of its holder. */
    readonly lapseMs: number;
    /** Unix ms. */
    readonly clock: () => number;
  }) {
    this.#of = options.of;
    this.#total = options.total;
    this.#lapseMs = options.lapseMs;
    this.#clock = options.clock;
  }

  /**
   * Calls `use`, who has `amount` until it is done. Where nobody has a share, any amount is given: alone it keeps nobody
   * waiting. Throws InferenceError overloaded, without calling `use`.
   */
  async share<T>(amount: number, use: () => Promise<T>): Promise<T> {
    const now = this.#clock();
    let taken = 0;
    for (const share of this.#shares) {
      // On workerd a request can end without its `finally`, when its isolate takes back its context.
      if (now - share.since >= this.#lapseMs) this.#shares.delete(share);
      else taken += share.amount;
    }
    if (taken > 0 && taken + amount > this.#total) {
      throw new InferenceError(
        "overloaded",
        `this worker is busy with ${taken} of ${this.#total} ${this.#of}, this would be ${amount} more; ask another one`,
      );
    }
    const share = { amount, since: now };
    this.#shares.add(share);
    try {
      return await use();
    } finally {
      this.#shares.delete(share);
    }
  }
}
