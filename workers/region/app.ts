// A region: takes signed records from anybody and shows them to everybody. It has no say in what they say.

import type { Bytes } from "../../protocol/bytes.ts";
import { CBOR_MEDIA_TYPE, COSE_MEDIA_TYPE, HEALTH_PATH, RECORDS_PATH } from "../../protocol/http.ts";
import { MAX_RECORD_BYTES } from "../../protocol/limits.ts";
import type { Problem } from "../../protocol/problem.ts";
import { openRecord } from "../../protocol/record.ts";
import {
  bytesReply,
  createHandler,
  type Handler,
  jsonReply,
  NO_CONTENT,
  problemReply,
  readBody,
} from "../http.ts";

/** What a region needs of its registry: durable-objects/registry.ts, near or over RPC. */
export interface RecordRegistry {
  /** Why the record is not kept; null if it is. */
  put(bytes: Bytes): Promise<Problem | null>;
  /** An encoded RecordList. */
  list(): Promise<Bytes>;
  /** How many records list() would hold. */
  count(): Promise<number>;
}

/** A region over one registry. The handler never throws. */
export function createRegionApp(options: {
  readonly registry: RecordRegistry;
  /** Unix ms. */
  clock(): number;
  /** Told of errors that no code explains. */
  report(error: unknown): void;
}): Handler {
  const { registry, clock, report } = options;
  return createHandler(
    [
      {
        method: "POST",
        path: RECORDS_PATH,
        async handle(request) {
          const { bytes } = await readBody(request, {
            mediaTypes: [COSE_MEDIA_TYPE],
            maxBytes: MAX_RECORD_BYTES,
            bounds: null,
          });
          // attacker-controlled: the record, from anybody. Judged here, where requests run side by side, so that only
          // what its worker and operator signed stands in line for the registry.
          await openRecord(bytes, { now: clock() });
          const problem = await registry.put(bytes);
          return problem === null ? NO_CONTENT : problemReply(problem);
        },
      },
      {
        method: "GET",
        path: RECORDS_PATH,
        async handle() {
          return bytesReply(CBOR_MEDIA_TYPE, await registry.list());
        },
      },
      {
        method: "GET",
        path: HEALTH_PATH,
        async handle() {
          return jsonReply(200, { status: "ok", records: await registry.count() });
        },
      },
    ],
    report,
  );
}
