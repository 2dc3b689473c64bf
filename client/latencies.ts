// How long workers took to answer this client: what lets one seat go to whoever is near. It says nothing of honesty, and
// who loses it loses no more than that. docs/asking.md.

import { type Bytes, formatBase64Url, formatHex, parseHex } from "../protocol/bytes.ts";
import { MAX_ENDPOINT_CHARACTERS } from "../protocol/limits.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import type { ReportedVerdict } from "./answer.ts";
import { formatEntries, isCount, isKeyText, MAX_ENTRIES, parseEntries } from "./memory-file.ts";
import { isSilent } from "./silence.ts";

/** One worker at one endpoint with one model: a time includes the run, so those of two models do not compare. */
export interface Latency {
  readonly model: string; // digest in hex
  readonly workerKey: string; // base64url; whoever else names the endpoint in its record does not inherit the time
  readonly endpoint: string;
  readonly ms: number; // from sending to an answer that was accepted, smoothed
  readonly seen: number; // unix milliseconds, of the last one
}

/** By what nameOf makes of model, worker and endpoint. */
export type Latencies = ReadonlyMap<string, Latency>;

/**
 * The times with those of one question. An accepted answer counts for a quarter, as the first one does alone; whoever
 * failed, was silent or contradicted is forgotten, and is near again once it answers. Of more than 1,024 the longest
 * unseen go.
 */
export function rememberLatencies(
  latencies: Latencies,
  question: {
    readonly model: Bytes; // digest
    readonly verdicts: readonly Pick<
      ReportedVerdict,
      "workerKey" | "endpoint" | "outcome" | "code" | "elapsedMs"
    >[];
    readonly now: number; // unix milliseconds
  },
): Latencies {
  const next = new Map(latencies);
  const model = formatHex(question.model);
  for (const verdict of question.verdicts) {
    const { endpoint, outcome, elapsedMs } = verdict;
    const workerKey = formatBase64Url(verdict.workerKey);
    const name = nameOf({ model, workerKey, endpoint });
    if (outcome === "agreed") {
      const took = Math.max(0, Math.round(elapsedMs)); // a clock may be set back meanwhile
      const known = next.get(name);
      const ms = known === undefined ? took : Math.round((3 * known.ms + took) / 4);
      next.set(name, { model, workerKey, endpoint, ms, seen: question.now });
    } else if (isAbsent(verdict) || isSilent(verdict, question.verdicts)) next.delete(name);
  }
  return new Map([...next].sort(([, a], [, b]) => b.seen - a.seen).slice(0, MAX_ENTRIES));
}

/** Asked, and without an answer that counts; not if it was no longer waited for, or the mistake is ours. */
function isAbsent({ outcome, code }: Pick<ReportedVerdict, "outcome" | "code">): boolean {
  if (outcome === "failed") return code !== "cancelled" && code !== "unexpected_error";
  return outcome === "conflicting";
}

/** Of these the worker with the least time for this model, the first of several; null where none has one. */
export function findNearest(
  workers: readonly OpenedRecord[],
  model: Bytes,
  latencies: Latencies,
): OpenedRecord | null {
  const digest = formatHex(model);
  let nearest: { readonly worker: OpenedRecord; readonly ms: number } | null = null;
  for (const worker of workers) {
    const { workerKey, endpoints } = worker.record;
    const name = nameOf({ model: digest, workerKey: formatBase64Url(workerKey), endpoint: endpoints[0]! });
    const ms = latencies.get(name)?.ms;
    if (ms !== undefined && (nearest === null || ms < nearest.ms)) nearest = { worker, ms };
  }
  return nearest?.worker ?? null;
}

function nameOf({ model, workerKey, endpoint }: Pick<Latency, "model" | "workerKey" | "endpoint">): string {
  return `${model} ${workerKey} ${endpoint}`;
}

/** JSON that a person can read, a worker and model a line. */
export function formatLatencies(latencies: Latencies): string {
  return formatEntries("workers", [...latencies.values()]);
}

/** Throws DecodeError text_malformed. */
export function parseLatencies(text: string): Latencies {
  const workers = parseEntries(text, { name: "workers", title: "what is known of who is near" }, readLatency);
  return new Map(workers.map((latency) => [nameOf(latency), latency]));
}

function readLatency({ model, workerKey, endpoint, ms, seen }: Record<string, unknown>): Latency {
  const isSound =
    typeof model === "string" &&
    parseHex(model).length === 32 &&
    isKeyText(workerKey) &&
    typeof endpoint === "string" &&
    endpoint.length <= MAX_ENDPOINT_CHARACTERS &&
    [ms, seen].every(isCount);
  if (!isSound) throw new TypeError("a worker in another form");
  return { model, workerKey, endpoint, ms, seen } as Latency;
}
