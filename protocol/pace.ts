// How fast a body comes, and the end of one that comes too slowly: a sender has a moment to begin, and time for what it
// has sent. No clock is read, which on workerd would stand still; the time is that of the timers.

import { TransportError } from "./errors.ts";

/** Whoever sends nothing at all keeps its place from others for so long. */
export const FIRST_BYTES_MS = 2000;
/** 1 Mbit/s: a sender has FIRST_BYTES_MS, and a second more for so many bytes that have come. */
export const MIN_BYTES_PER_SECOND = 128 * 1024;
/** A sender of single bytes must not set a timer for each. */
const MIN_WAIT_MS = 100;

/** Of one body. Owned by readBounded, which ends it. */
export class Pace {
  readonly #timeout: (milliseconds: number) => AbortSignal;
  #length = 0;
  #allowedMs = 0;
  #signal: AbortSignal | null = null;
  // One promise for all reads would keep what each was raced against for as long as it lives.
  #stop: () => void = () => undefined;
  #isLate = false;
  #isOver = false;

  /** `timeout` gives a signal that aborts after so many milliseconds. */
  constructor(timeout: (milliseconds: number) => AbortSignal) {
    this.#timeout = timeout;
    this.#wait(FIRST_BYTES_MS);
  }

  received(length: number): void {
    this.#length = length;
  }

  /** The read under way, which rejects as soon as the sender is too slow. */
  bound<T>(read: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#stop = () =>
        reject(
          new TransportError(
            "body_too_slow",
            "the body was not there in time; send it faster, or less of it",
          ),
        );
      if (this.#isOver) this.#stop();
      read.then(resolve, (cause: unknown) =>
        // A sender that hangs up is no mistake of ours.
        reject(new TransportError("body_incomplete", "the body broke off; send it again", { cause })),
      );
    });
  }

  end(): void {
    this.#signal?.removeEventListener("abort", this.#check);
  }

  #wait(milliseconds: number): void {
    this.end();
    this.#allowedMs += milliseconds;
    this.#signal = this.#timeout(milliseconds);
    this.#signal.addEventListener("abort", this.#check);
  }

  readonly #check = (): void => {
    const leftMs = FIRST_BYTES_MS + (1000 * this.#length) / MIN_BYTES_PER_SECOND - this.#allowedMs;
    // What came while this thread was busy is read only after the timer: nobody is late before one more turn.
    this.#isOver = leftMs <= 0 && this.#isLate;
    this.#isLate = leftMs <= 0;
    if (this.#isOver) this.#stop();
    else this.#wait(Math.max(Math.ceil(leftMs), MIN_WAIT_MS));
  };
}
