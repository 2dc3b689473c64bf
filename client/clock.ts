// Time as the client sees it: passed in, so that tests hold it and no module has a clock of its own.

/** Time and timers; createSystemClock makes the real ones. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls back once, `ms` from now, unless the returned function is called first. */
  after(ms: number, callback: () => void): () => void;
}

/** The platform's clock and timers. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };
}
