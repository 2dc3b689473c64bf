// Tells regions of a worker: posts its record to each of them. A region that fails does not keep it from the rest.

import { readBounded } from "../../protocol/body.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { COSE_SIGN1_CONTENT_TYPE, RECORDS_PATH } from "../../protocol/http.ts";
import { MAX_PROBLEM_BYTES } from "../../protocol/limits.ts";
import { parseProblem } from "../../protocol/problem.ts";
import { PUBLISH_TIMEOUT_MS } from "./limits.ts";

/** How regions are reached. */
export interface Outgoing {
  /** The platform's fetch, or anything that answers like it. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** A signal that aborts after so many milliseconds. */
  timeout(milliseconds: number): AbortSignal;
}

export interface Publication {
  readonly region: string;
  /** Why the region does not have the record, in words for the operator's log; null if it has. */
  readonly failure: string | null;
}

/** Never throws: each region's outcome is data. */
export function publishRecord(
  record: Bytes,
  regions: readonly string[],
  outgoing: Outgoing,
): Promise<Publication[]> {
  return Promise.all(
    regions.map(async (region) => ({
      region,
      failure: await post(record, region, outgoing).catch((error) => String(error)),
    })),
  );
}

/** Why the region does not keep the record, or null. Rejects with what fetch rejects with. */
async function post(record: Bytes, region: string, { fetch, timeout }: Outgoing): Promise<string | null> {
  const response = await fetch(`${region}${RECORDS_PATH}`, {
    method: "POST",
    headers: { "content-type": COSE_SIGN1_CONTENT_TYPE },
    body: record,
    redirect: "manual", // a region speaks for itself; a redirect could lead anywhere
    signal: timeout(PUBLISH_TIMEOUT_MS), // reading the answer included
  });
  if (response.status === 204) return null;
  // attacker-controlled: the region's words go to a log, cut to size and to printable text by parseProblem.
  const body = await readBounded(response.body, MAX_PROBLEM_BYTES, null);
  const problem = body === null ? null : parseProblem(body);
  return problem === null ? `HTTP ${response.status}` : `${problem.code}: ${problem.detail}`;
}
