// A clock that stands still while anything happens, and goes on to the next timer once nothing does. What is waited for
// with it depends on who answers and not on how fast, so a test says the same on every machine and waits for nobody.

import { setTimeout as delay } from "node:timers/promises";
import type { Clock, Fetch } from "../../client/index.ts";

/** Nothing happened in so many polls in a row. A reply that came is checked in far less time. */
const QUIET_POLLS = 15;
const POLL_MS = 20;
/** A poll that comes later than this tells of a machine that is busy elsewhere, and of nothing else. */
const LATE_MS = 50;

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class QuietClock implements Clock {
  #now = Date.now();
  #busy = 0;
  #quiet = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    this.#quiet = 0;
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    this.#quiet = 0;
    const timer = { at: this.#now + milliseconds, run };
    this.#timers.add(timer);
    return () => {
      this.#quiet = 0;
      this.#timers.delete(timer);
    };
  }

  /**
   * The platform's fetch. Time stands still until an answer was read to its end or given up, but for those that `isMute`
   * says never end.
   */
  watch(isMute: (url: string) => boolean): Fetch {
    return async (url, init) => {
      if (isMute(url)) return fetch(url, init);
      this.#busy++;
      const release = once(() => {
        this.#busy--;
        this.#quiet = 0;
      });
      init.signal?.addEventListener("abort", release);
      try {
        const response = await fetch(url, init);
        const { status, headers, body } = response;
        if (body === null) release();
        return new Response(body && watchEnd(body, release), { status, headers });
      } catch (error) {
        release();
        throw error;
      }
    };
  }

  /** Keeps time going until `work` is done, and gives what it gives. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    while (!isDone) {
      const start = performance.now();
      await delay(POLL_MS);
      if (performance.now() - start > POLL_MS + LATE_MS) this.#quiet = 0;
      if (this.#busy === 0 && ++this.#quiet > QUIET_POLLS) this.#goOn();
    }
    return work;
  }

  #goOn(): void {
    this.#quiet = 0;
    const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (next === undefined) return;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.run();
  }
}

function once(run: () => void): () => void {
  let hasRun = false;
  return () => {
    if (!hasRun) run();
    hasRun = true;
  };
}

/** The same parts; `ended` is called at the end, at an error and when nobody wants more. */
function watchEnd(body: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const part = await reader.read();
        if (!part.done) return controller.enqueue(part.value);
        ended();
        controller.close();
      } catch (error) {
        ended();
        throw error;
      }
    },
    cancel(reason) {
      ended();
      return reader.cancel(reason);
    },
  });
}
