// What a worker has a fixed amount of and hands out in shares. Whoever finds too little left is refused at once: nobody
// waits here, so those who were let in keep their latency, and the one thread is the only queue.

import { InferenceError } from "../../protocol/errors.ts";

interface Share {
  amount: number;
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
   * Calls `use`, who has `amount` until it is done, and may ask for more: `grow` takes what it wants to have altogether.
   * Where nobody else has a share, any amount is given: alone it keeps nobody waiting. Throws InferenceError overloaded,
   * without calling `use`; so does `grow`, and the share stays as it is.
   */
  async share<T>(amount: number, use: (grow: (amount: number) => void) => Promise<T>): Promise<T> {
    const share = { amount: 0, since: this.#clock() };
    this.#change(share, amount);
    this.#shares.add(share);
    try {
      return await use((larger) => this.#change(share, larger));
    } finally {
      this.#shares.delete(share);
    }
  }

  #change(share: Share, amount: number): void {
    const now = this.#clock();
    let others = 0;
    for (const other of this.#shares) {
      // On workerd a request can end without its `finally`, when its isolate takes back its context.
      if (now - other.since >= this.#lapseMs) this.#shares.delete(other);
      else if (other !== share) others += other.amount;
    }
    if (others > 0 && others + amount > this.#total) {
      throw new InferenceError(
        "overloaded",
        `this worker is busy with ${others} of ${this.#total} ${this.#of}, this would be ${amount} more; ask another one`,
      );
    }
    share.amount = amount;
  }
}
