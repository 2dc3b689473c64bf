// One HTTP exchange with somebody who is not trusted: bounded in time and in bytes, and never redirected.

import { readBounded } from "../protocol/body.ts";
import type { Bytes } from "../protocol/bytes.ts";
import { TransportError } from "../protocol/errors.ts";
import { MAX_PROBLEM_BYTES } from "../protocol/limits.ts";
import { parseProblem } from "../protocol/problem.ts";
import type { Clock } from "./clock.ts";

/** The platform's fetch, or anything that answers like it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What is posted. */
export interface Body {
  readonly type: string; // media type
  readonly bytes: Bytes;
}

/** A refusal with a problem document: `problem` is its code, in the other side's words. */
export class ProblemError extends TransportError {
  readonly problem: string | null;

  constructor(message: string, problem: string | null) {
    super("status_unexpected", message);
    this.problem = problem;
  }
}

/** One request and the bounds of its answer. */
export interface Exchange {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly url: string;
  readonly body: Body | null; // POST, or GET
  readonly accept: string; // media type of the answer
  readonly maxBytes: number; // of the response
  readonly deadline: number; // unix milliseconds
  readonly signal: AbortSignal | null; // ends the exchange as `cancelled`
}

/**
 * The body of a 200 response of the type asked for. Throws TransportError: `unreachable`, `timed_out`,
 * `cancelled`, `status_unexpected`, `content_type_unsupported`, `body_too_large`.
 */
export async function exchange(options: Exchange): Promise<Bytes> {
  const { clock, url, deadline, signal } = options;
  const end = new AbortController();
  const cancel = () =>
    end.abort(new TransportError("cancelled", `${url}: the answer was no longer needed; ask again if it is`));
  const stopTimer = clock.after(Math.max(0, deadline - clock.now()), () =>
    end.abort(new TransportError("timed_out", `${url} did not answer within the deadline; allow more time`)),
  );
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted) cancel();
  try {
    return await untilAborted(receive(options, end.signal), end.signal);
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError(
      "unreachable",
      `${url} could not be reached; check the address, or whether it runs`,
      { cause: error },
    );
  } finally {
    stopTimer();
    signal?.removeEventListener("abort", cancel);
    end.abort(); // frees a body that was not read to its end
  }
}

/** Ends with the abort's reason even where a fetch ignores its signal. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined); // after an abort nobody else listens
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject);
  });
}

async function receive(
  { fetch, url, body, accept, maxBytes }: Exchange,
  signal: AbortSignal,
): Promise<Bytes> {
  signal.throwIfAborted();
  const response = await fetch(url, {
    method: body === null ? "GET" : "POST",
    headers: {
      accept,
      ...(body === null ? {} : { "content-type": body.type }),
    },
    body: body === null ? null : body.bytes,
    signal,
    redirect: "manual", // an endpoint speaks for itself; a redirect could lead anywhere
  });
  // attacker-controlled: everything in the response.
  if (response.status !== 200) throw await refusal(url, response);
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== accept)
    throw new TransportError(
      "content_type_unsupported",
      `${url} did not answer with ${accept}; check what runs there`,
    );
  const answer = await readBounded(response.body, maxBytes, null);
  if (answer === null)
    throw new TransportError(
      "body_too_large",
      `${url} sent more than ${maxBytes} bytes, or too many parts; ask another`,
    );
  return answer;
}

/** What the other side says of its refusal is shown, not believed. */
async function refusal(url: string, response: Response): Promise<TransportError> {
  const body = await readBounded(response.body, MAX_PROBLEM_BYTES, null).catch(() => null);
  const problem = body === null ? null : parseProblem(body);
  const reason = problem === null ? "" : `; it says ${problem.code}: ${problem.detail}`;
  return new ProblemError(`${url} answered with status ${response.status}${reason}`, problem?.code ?? null);
}
