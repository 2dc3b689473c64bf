// An inference worker on Node: `node workers/adapters/node.ts`, with the variables of docs/operating.md and PORT, HOST.

import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import process from "node:process";
import { Readable } from "node:stream";
import { ReadableStream as NodeReadableStream } from "node:stream/web";
import { DecodeError } from "../../protocol/errors.ts";
import { refuse } from "../http.ts";
import type { InferenceApp } from "../inference/app.ts";
import { startProcess } from "./process.ts";

const app = await startProcess({
  variables: process.env,
  root: new URL("../../", import.meta.url),
  compile: WebAssembly.compile,
  async open(path) {
    const present = await access(path).then(
      () => true,
      () => false,
    );
    return present ? (Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>) : null;
  },
});

/** How long a sender may take with one request, refused ones included. */
const REQUEST_TIMEOUT_MS = 30_000;

createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (incoming, outgoing) => {
  answer(app, incoming, outgoing).catch(() => outgoing.destroy());
}).listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "127.0.0.1");

async function answer(
  { fetch }: InferenceApp,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const response = await respond(fetch, incoming);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
  // A refused body is read to its end and dropped: closing on a sender that still sends would lose the answer.
  incoming.resume();
}

async function respond(fetch: InferenceApp["fetch"], incoming: IncomingMessage): Promise<Response> {
  let request: Request;
  try {
    request = toRequest(incoming);
  } catch (cause) {
    // attacker-controlled: node:http lets through targets that are no URL, and methods that no Request may have.
    const message = "the target, method or headers of the request are malformed; see docs/protocol.md";
    return refuse(new DecodeError("malformed", message, { cause }));
  }
  return fetch(request, () => {});
}

/** Throws TypeError for what the web platform does not take as a request. */
function toRequest(incoming: IncomingMessage): Request {
  const headers = new Headers();
  // attacker-controlled: rawHeaders is names and values in turn, repeated names included.
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index]!, incoming.rawHeaders[index + 1]!);
  }
  const method = incoming.method ?? "GET";
  const bodyless = method === "GET" || method === "HEAD";
  // The host is a name for the router only: nothing depends on it.
  const url = new URL(incoming.url ?? "/", "http://worker.invalid");
  return new Request(url, {
    method,
    headers,
    ...(bodyless ? {} : { body: toStream(incoming), duplex: "half" }),
  });
}

/** The body; leaving it unread does not close the connection. */
function toStream(incoming: IncomingMessage): ReadableStream {
  return NodeReadableStream.from(incoming.iterator({ destroyOnReturn: false })) as ReadableStream;
}
