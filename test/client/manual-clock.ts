// A clock that moves only when a test moves it.

import type { Clock } from "../../client/clock.ts";

interface Timer {
  readonly due: number;
  readonly ms: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();
  readonly #started: number[] = []; // the ms of every timer ever started
  #watchers: (() => void)[] = [];

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.#now + ms, ms, callback };
    this.#timers.add(timer);
    this.#started.push(ms);
    for (const watcher of this.#watchers) watcher();
    return () => this.#timers.delete(timer);
  }

  /** Timers that were started and neither fired nor were stopped. */
  get running(): number {
    return this.#timers.size;
  }

  /** Resolves once `count` timers of exactly `ms` have been started. */
  async started(ms: number, count = 1): Promise<void> {
    const isReached = () => this.#started.filter((started) => started === ms).length >= count;
    while (!isReached())
      await new Promise<void>((resolve) => {
        this.#watchers.push(resolve);
      });
    this.#watchers = [];
  }

  /** Moves time and fires what is due, in order of its time. */
  advance(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter((timer) => timer.due <= this.#now).sort((a, b) => a.due - b.due);
    for (const timer of due) if (this.#timers.delete(timer)) timer.callback();
  }
}
