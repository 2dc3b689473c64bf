// What is sent to worker and region in plain: whatever it is, they answer with what the protocol has for it.

import assert from "node:assert/strict";
import { type Bytes, formatHex } from "../../../protocol/bytes.ts";
import {
  CBOR_MEDIA_TYPE,
  COSE_SIGN1_CONTENT_TYPE,
  HEALTH_PATH,
  INFER_PATH,
  JUDGE_PATH,
  RECORD_PATH,
  RECORDS_PATH,
  SEALED_REQUEST_MEDIA_TYPE,
} from "../../../protocol/http.ts";
import { decodeRecordList } from "../../../protocol/record-list.ts";
import { NOW } from "../../protocol/fixtures.ts";
import { createEvidence } from "../../support/evidence.ts";
import { createTestWorker } from "../../support/records.ts";
import { checkAnswer, checkJudgement, type Fetch, REQUEST, region, send, worker } from "./hosts.ts";
import type { Target } from "./target.ts";

export async function createServerTargets(others: readonly Bytes[]): Promise<Target[]> {
  const posted = await createTestWorker("posted", "posted.example", NOW);
  return [
    {
      name: `POST ${INFER_PATH}`,
      sources: [REQUEST],
      open: async (bytes) =>
        checkAnswer(await send(worker, "POST", INFER_PATH, CBOR_MEDIA_TYPE, bytes), bytes),
    },
    {
      name: `POST ${JUDGE_PATH}`,
      sources: [await createEvidence()],
      open: async (bytes) =>
        checkJudgement(await send(worker, "POST", JUDGE_PATH, CBOR_MEDIA_TYPE, bytes), bytes),
    },
    {
      name: `POST ${RECORDS_PATH}`,
      sources: [await posted.sign(), ...others.filter((bytes) => bytes[0] === 0xd2)],
      async open(bytes) {
        await send(region, "POST", RECORDS_PATH, COSE_SIGN1_CONTENT_TYPE, bytes);
        const list = decodeRecordList(await send(region, "GET", RECORDS_PATH, "", null));
        assert.deepEqual(list.map(formatHex), [formatHex(bytes)]);
      },
    },
    {
      name: "every other path, method and media type",
      sources: [REQUEST],
      async open(bytes) {
        const [path, method, type] = [bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0];
        const text = Array.from(bytes.subarray(3, 40), (byte) => String.fromCharCode(byte)).join("");
        const paths = [
          INFER_PATH,
          JUDGE_PATH,
          RECORD_PATH,
          RECORDS_PATH,
          HEALTH_PATH,
          `/${encodeURIComponent(text)}`,
          `/v1/infer?${encodeURIComponent(text)}`,
          "//",
        ];
        const methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS"];
        const chosen = methods[method % methods.length]!;
        const types = [
          CBOR_MEDIA_TYPE,
          "application/cose",
          "text/plain",
          `${CBOR_MEDIA_TYPE}; a=b`,
          "",
          "APPLICATION/CBOR",
          SEALED_REQUEST_MEDIA_TYPE,
        ];
        const body = chosen === "GET" ? null : bytes;
        const server: Fetch = bytes.length % 2 === 0 ? worker : region;
        await send(server, chosen, paths[path % paths.length]!, types[type % types.length]!, body);
      },
    },
  ];
}
