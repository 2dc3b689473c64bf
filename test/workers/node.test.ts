// What node:http lets through and the web platform does not take as a request: the Node adapter answers it as well.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HEALTH_PATH } from "../../protocol/http.ts";
import { PROBLEM_CONTENT_TYPE, type Problem } from "../../protocol/problem.ts";
import { type Running, startWorker } from "../support/workers.ts";

let artifacts: string;
let worker: Running;
before(async () => {
  artifacts = await mkdtemp(join(tmpdir(), "quorate-artifact-"));
  worker = await startWorker("node", { artifacts, regions: [] });
});
after(async () => {
  await worker.stop();
  await rm(artifacts, { recursive: true, force: true });
});

/** What comes back for a request line, as text; the worker is asked to close. */
async function ask(line: string): Promise<string> {
  const socket = connect(Number(new URL(worker.url).port), "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (data) => {
    text += data;
  });
  socket.write(`${line} HTTP/1.1\r\nhost: worker.example\r\nconnection: close\r\n\r\n`);
  await once(socket, "close");
  return text;
}

test("answers a request that is none with a problem document, and goes on", async () => {
  const lines = ["GET //", "GET http://[", "GET http://user:password@worker.example/", "TRACE /"];
  for (const line of lines) {
    const text = await ask(line);
    assert.match(text, /^HTTP\/1\.1 400 /, line);
    assert.ok(text.includes(`content-type: ${PROBLEM_CONTENT_TYPE}`), line);
    const problem = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as Problem;
    assert.deepEqual([problem.status, problem.code], [400, "malformed"], line);
  }
  assert.match(await ask(`GET ${HEALTH_PATH}`), /^HTTP\/1\.1 200 /);
});
