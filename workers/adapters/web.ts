// What every runtime has alike: the clock, randomness, HTTP and the log of the web platform.

import type { InferenceOptions } from "../inference/app.ts";

/** Where an operator looks: standard error of a process, the platform's log of a deployment. */
export function report(error: unknown): void {
  // biome-ignore lint/suspicious/noConsole: it is the log.
  console.error(error);
}

/** The options of an app that are the same on every runtime. */
export const WEB_OPTIONS: Pick<
  InferenceOptions,
  "clock" | "randomBytes" | "yieldThread" | "fetch" | "timeout" | "report"
> = {
  clock: () => Date.now(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  // Where setImmediate is missing, a timer takes up to a millisecond.
  yieldThread: () => new Promise((resolve) => (globalThis.setImmediate ?? setTimeout)(resolve)),
  fetch: (url, init) => fetch(url, init),
  timeout: (milliseconds) => AbortSignal.timeout(milliseconds),
  report,
};
