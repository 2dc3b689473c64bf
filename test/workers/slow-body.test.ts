// Senders that declare much and send little, over HTTP: they take no places that others need, and not for long.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { ARTIFACTS_FOLDER } from "../../cli/state.ts";
import { CBOR_MEDIA_TYPE, INFER_PATH } from "../../protocol/http.ts";
import { encodeRequest } from "../../protocol/request.ts";
import { MAX_HELD_BODY_BYTES, MAX_REQUEST_BODY_BYTES } from "../../workers/inference/limits.ts";
import { decodeReply } from "../support/replies.ts";
import { createTestRequest, openTestModel } from "../support/requests.ts";
import { waitUntil } from "../support/wait.ts";
import { startWorker } from "../support/workers.ts";

const model = await openTestModel();
/** Whoever sent so much has a buffer of twice that. */
const LARGE_BYTES = 256 * 1024 + 1;
const PLACES = Math.ceil(MAX_HELD_BODY_BYTES / (2 * LARGE_BYTES)) + 1;
/** As many as would have everything, if what is declared counted. */
const FEW = MAX_HELD_BODY_BYTES / MAX_REQUEST_BODY_BYTES;
const DEADLINE_MS = 30_000;

/** The first line that comes back. */
async function trickle(url: string, bytes: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("utf8");
  const head = [
    `POST ${INFER_PATH} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    `content-type: ${CBOR_MEDIA_TYPE}`,
    `content-length: ${MAX_REQUEST_BODY_BYTES}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${".".repeat(bytes)}`);
  const [text] = (await once(socket, "data")) as [string];
  socket.destroy();
  return text.slice(0, text.indexOf("\r\n"));
}

for (const runtime of ["workerd", "node"] as const) {
  test(`on ${runtime} bodies that do not come are refused, and others are answered`, async () => {
    const variables = { ACCEPT_PLAIN: "1" };
    const worker = await startWorker(runtime, { artifacts: ARTIFACTS_FOLDER, regions: [], variables });
    try {
      const ask = async (): Promise<Response> => {
        const headers = { "content-type": CBOR_MEDIA_TYPE };
        const body = encodeRequest(await createTestRequest(model));
        return fetch(`${worker.url}${INFER_PATH}`, { method: "POST", headers, body });
      };
      const assertAnswers = async () => {
        const response = await ask();
        assert.equal(response.status, 200);
        decodeReply(new Uint8Array(await response.arrayBuffer()));
      };
      const slow = Array.from({ length: FEW }, () => trickle(worker.url, 1));
      await assertAnswers();
      for (const line of await Promise.all(slow)) assert.match(line, /^HTTP\/1\.1 408 /);
      const many: Promise<string>[] = [];
      // As often as it takes: on a busy machine the first have to go before the last have come.
      await waitUntil(async () => {
        many.push(...Array.from({ length: PLACES }, () => trickle(worker.url, LARGE_BYTES)));
        return (await ask()).status === 503;
      }, DEADLINE_MS);
      for (const line of await Promise.all(many)) assert.match(line, /^HTTP\/1\.1 (408|503) /);
      await assertAnswers();
    } finally {
      await worker.stop();
    }
  });
}
