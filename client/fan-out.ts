// The seats that are being asked: starts them, collects their verdicts, and says when the next one came.

import type { OpenedRecord } from "../protocol/record.ts";
import { askWorker, seatFacts, type Verdict } from "./ask.ts";
import type { Expectation } from "./check.ts";
import type { Clock } from "./clock.ts";
import type { FailureCode } from "./failure.ts";
import type { Fetch } from "./transport.ts";

interface FanOutOptions {
  readonly expectation: Expectation;
  readonly allowPlain: boolean;
  readonly fetch: Fetch;
  readonly clock: Clock;
}

/** A seat that has not spoken yet. */
export interface Pending {
  readonly seat: number;
  readonly record: OpenedRecord;
  readonly start: number; // unix milliseconds, when it was asked
}

/** All asks of one request. Owned by askQuorum, which closes it whatever happens. */
export class FanOut {
  readonly #options: FanOutOptions;
  readonly #end = new AbortController();
  readonly #verdicts: Verdict[] = [];
  readonly #pending = new Set<Pending>();
  #asked = 0;
  #wake: () => void = () => undefined;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  /** What every seat is asked. */
  get request(): Expectation["request"] {
    return this.#options.expectation.request;
  }

  get verdicts(): readonly Verdict[] {
    return this.#verdicts;
  }

  get pending(): readonly Pending[] {
    return [...this.#pending];
  }

  /** Seats given out so far, which is the number of the next. */
  get asked(): number {
    return this.#asked;
  }

  /** Starts to ask in the next seat. */
  ask(record: OpenedRecord): void {
    const { clock } = this.#options;
    const pending = { seat: this.#asked++, record, start: clock.now() };
    this.#pending.add(pending);
    askWorker({ ...this.#options, seat: pending.seat, record, signal: this.#end.signal }).then((verdict) => {
      if (!this.#pending.delete(pending)) return; // close() has spoken for this seat
      this.#verdicts.push(verdict);
      this.#wake();
    });
  }

  /**
   * To be called in the turn in which the verdicts were read. Resolves after the next one, or at the time `until` (unix
   * milliseconds), whichever comes first.
   */
  async nextVerdict(until: number): Promise<void> {
    const { clock } = this.#options;
    const wait = until - clock.now();
    if (wait > 0)
      await new Promise<void>((resolve) => {
        const stopTimer = clock.after(wait, resolve);
        this.#wake = () => {
          stopTimer();
          resolve();
        };
      });
    this.#wake = () => undefined;
  }

  /** Ends what is still under way; its seats get a failed verdict with `code`. Verdicts by seat. */
  close(code: Extract<FailureCode, "cancelled" | "timed_out">): Verdict[] {
    const { clock } = this.#options;
    const detail =
      code === "timed_out" ? "no answer within the deadline" : "no answer before the quorum had settled";
    for (const { seat, record, start } of this.#pending)
      this.#verdicts.push({
        ...seatFacts(seat, record),
        outcome: "failed",
        elapsedMs: clock.now() - start,
        code,
        detail,
        cause: null,
        refusal: null,
      });
    this.#pending.clear();
    this.#end.abort();
    return this.#verdicts.toSorted((a, b) => a.seat - b.seat);
  }
}
