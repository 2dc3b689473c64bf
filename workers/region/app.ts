// A region: takes signed records from anybody and shows them to everybody. It has no say in what they say.

import type { Bytes } from "../../protocol/bytes.ts";
import { MAX_RECORD_BYTES } from "../../protocol/limits.ts";
import type { Problem } from "../../protocol/problem.ts";
import { encodeRecordList } from "../../protocol/record-list.ts";
import {
  bytesReply,
  CBOR_CONTENT_TYPE,
  COSE_CONTENT_TYPE,
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
  list(): Promise<Bytes[]>;
}

export function createRegionApp(options: {
  readonly registry: RecordRegistry;
  /** Told of errors that no code explains. */
  report(error: unknown): void;
}): Handler {
  const { registry, report } = options;
  return createHandler(
    [
      {
        method: "POST",
        path: "/v1/records",
        async handle(request) {
          const bytes = await readBody(request, {
            contentType: COSE_CONTENT_TYPE,
            maxBytes: MAX_RECORD_BYTES,
          });
          const problem = await registry.put(bytes);
          return problem === null ? NO_CONTENT : problemReply(problem);
        },
      },
      {
        method: "GET",
        path: "/v1/records",
        async handle() {
          return bytesReply(CBOR_CONTENT_TYPE, encodeRecordList(await registry.list()));
        },
      },
      {
        method: "GET",
        path: "/healthz",
        async handle() {
          return jsonReply(200, { status: "ok", records: (await registry.list()).length });
        },
      },
    ],
    report,
  );
}
