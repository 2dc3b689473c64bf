// The apps of worker and region in this process: whatever is sent, they answer with what the protocol has for it.

import assert from "node:assert/strict";
import { type Bytes, formatHex } from "../../../protocol/bytes.ts";
import { CodedError } from "../../../protocol/errors.ts";
import {
  CBOR_MEDIA_TYPE,
  COSE_SIGN1_CONTENT_TYPE,
  HEALTH_PATH,
  INFER_PATH,
  JUDGE_PATH,
  RECORD_PATH,
  RECORDS_PATH,
} from "../../../protocol/http.ts";
import { openJudgement } from "../../../protocol/judgement.ts";
import { PROBLEM_CONTENT_TYPE, PROBLEM_STATUS, type Problem } from "../../../protocol/problem.ts";
import { openReceipt } from "../../../protocol/receipt.ts";
import { openRecord } from "../../../protocol/record.ts";
import { decodeRecordList, encodeRecordList } from "../../../protocol/record-list.ts";
import { openRefusal } from "../../../protocol/refusal.ts";
import { decodeAnswer } from "../../../protocol/reply.ts";
import { decodeRequest, encodeRequest, requestDigest } from "../../../protocol/request.ts";
import { WEB_OPTIONS } from "../../../workers/adapters/web.ts";
import { createMemorySealingStore, type SealingStore } from "../../../workers/inference/sealing-store.ts";
import { createRegionApp } from "../../../workers/region/app.ts";
import { createRequest, NOW } from "../../protocol/fixtures.ts";
import { createEvidence, HERE, inputs, JUDGED_MODEL } from "../../support/evidence.ts";
import { createTestApp } from "../../support/inference-app.ts";
import { createTestWorker } from "../../support/records.ts";
import type { Target } from "./targets.ts";

type Fetch = (request: Request) => Promise<Response>;

/** A code of the wire as it came, with the document around it checked. */
class Refused extends CodedError {}

/** 200 or 204 with its body; whatever else must be a whole problem document of a code that the wire has. */
async function send(
  fetch: Fetch,
  method: string,
  path: string,
  type: string,
  body: Bytes | null,
): Promise<Bytes> {
  const headers = { "content-type": type };
  const response = await fetch(new Request(`https://fuzzed.example${path}`, { method, headers, body }));
  const answer = new Uint8Array(await response.arrayBuffer());
  if (response.status === 200 || response.status === 204) return answer;
  assert.equal(response.headers.get("content-type"), PROBLEM_CONTENT_TYPE);
  const problem = JSON.parse(new TextDecoder().decode(answer)) as Problem;
  assert.ok(problem.code !== "internal", "a bare 500");
  assert.equal(response.status, PROBLEM_STATUS[problem.code]);
  throw new Refused(problem.code, problem.detail);
}

export async function createServerTargets(others: readonly Bytes[]): Promise<Target[]> {
  const variables = { MODELS: JUDGED_MODEL, REFEREE: "1" };
  const clock = () => NOW + 1000;
  // Nothing is a replay, or all that differs in its inputs alone would be.
  const sealingStore: SealingStore = {
    ...createMemorySealingStore({ ...WEB_OPTIONS, clock }),
    claim: async () => "taken",
  };
  const app = await createTestApp({ name: "fuzzed", startedAt: NOW, clock, variables, sealingStore });
  const worker: Fetch = (request) => app.fetch(request, () => {});
  const record = await send(worker, "GET", RECORD_PATH, "", null);
  const key = formatHex((await openRecord(record, { now: NOW })).record.workerKey);
  const request = encodeRequest({ ...(await createRequest("standard")), ...HERE, inputs });
  const kept: Bytes[] = [];
  const handle = createRegionApp({
    clock: () => NOW,
    report: (error) => assert.fail(String(error)),
    registry: {
      async put(bytes) {
        kept.splice(0, kept.length, bytes);
        return null;
      },
      list: async () => encodeRecordList(kept),
      count: async () => kept.length,
    },
  });
  const region: Fetch = (request) => handle(request, () => {});
  const posted = await createTestWorker("posted", "posted.example", NOW);
  return [
    {
      name: `POST ${INFER_PATH}`,
      sources: [request],
      async open(bytes) {
        const answer = decodeAnswer(await send(worker, "POST", INFER_PATH, CBOR_MEDIA_TYPE, bytes));
        const named = formatHex(await requestDigest(decodeRequest(bytes)));
        if (answer.outcome === "signed") {
          const receipt = await openReceipt(answer.reply.receipt);
          assert.deepEqual([formatHex(receipt.key), formatHex(receipt.statement.request)], [key, named]);
          return;
        }
        const { refusal, key: signer } = await openRefusal(answer.reply.refusal);
        assert.deepEqual([formatHex(signer), formatHex(refusal.request)], [key, named]);
        throw new Refused(refusal.code, answer.reply.detail);
      },
    },
    {
      name: `POST ${JUDGE_PATH}`,
      sources: [await createEvidence()],
      async open(bytes) {
        const judgement = await openJudgement(await send(worker, "POST", JUDGE_PATH, CBOR_MEDIA_TYPE, bytes));
        assert.equal(formatHex(judgement.key), key);
      },
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
      sources: [request],
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
        ];
        const body = chosen === "GET" ? null : bytes;
        const server: Fetch = bytes.length % 2 === 0 ? worker : region;
        await send(server, chosen, paths[path % paths.length]!, types[type % types.length]!, body);
      },
    },
  ];
}
