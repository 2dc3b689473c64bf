// Tells regions of a worker: posts its record to each of them. A region that fails does not keep it from the rest.

import type { Bytes } from "../../protocol/bytes.ts";
import { MAX_PROBLEM_BYTES } from "../../protocol/limits.ts";
import { parseProblem } from "../../protocol/problem.ts";
import { COSE_CONTENT_TYPE } from "../http.ts";
import { PUBLISH_TIMEOUT_MS } from "./limits.ts";

export interface Publication {
  readonly region: string;
  /** Why the region does not have the record, in words for the operator's log; null if it has. */
  readonly failure: string | null;
}

/** Never throws: each region's outcome is data. */
export function publishRecord(record: Bytes, regions: readonly string[]): Promise<Publication[]> {
  return Promise.all(
    regions.map(async (region) => ({
      region,
      failure: await post(record, region).catch((error) => String(error)),
    })),
  );
}

async function post(record: Bytes, region: string): Promise<string | null> {
  const response = await fetch(`${region}/v1/records`, {
    method: "POST",
    headers: { "content-type": COSE_CONTENT_TYPE },
    body: record,
    signal: AbortSignal.timeout(PUBLISH_TIMEOUT_MS),
  });
  // attacker-controlled: the region's words go to a log, cut to size and to printable text by parseProblem.
  const body = new Uint8Array(await response.arrayBuffer());
  if (response.ok) return null;
  const problem = body.length <= MAX_PROBLEM_BYTES ? parseProblem(body) : null;
  return problem === null ? `HTTP ${response.status}` : `${problem.code}: ${problem.detail}`;
}
