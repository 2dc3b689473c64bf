// Answers without end over real HTTP, in the forms that cost a receiver more than its limit of bytes says: single bytes,
// and bodies that the platform's fetch unpacks by itself.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { exchange } from "../../client/transport.ts";
import { measureHeld } from "../support/held-memory.ts";
import { ManualClock } from "./manual-clock.ts";

const LIMIT_BYTES = 1024 * 1024;
const DEADLINE_MS = 10_000;
const NOW = 1_800_000_000_000;
const GZIP_HEADER_BYTES = 10;

/** Unpacks to 64 times the limit, from a thousandth of it. */
const bomb = gzipSync(new Uint8Array(64 * LIMIT_BYTES));
/** A stored block of no bytes, RFC 1951 §3.2.4, many times: unpacks to nothing. */
const emptyBlocks = Buffer.alloc(50_000, Uint8Array.of(0, 0, 0, 0xff, 0xff));

interface Flood {
  readonly encoding: string | null;
  readonly first: Uint8Array;
  /** Chunks as they go over the wire (RFC 9112 §7.1), again and again; null where the first part is all. */
  readonly chunks: Buffer | null;
}

const FLOODS: Readonly<Record<string, Flood>> = {
  "/bytes": { encoding: null, first: Uint8Array.of(1), chunks: Buffer.from("1\r\nx\r\n".repeat(10_000)) },
  "/gzip": { encoding: "gzip", first: bomb, chunks: null },
  "/gzip-in-gzip": { encoding: "gzip, gzip", first: gzipSync(bomb), chunks: null },
  "/gzip-of-nothing": {
    encoding: "gzip",
    first: gzipSync("").subarray(0, GZIP_HEADER_BYTES),
    chunks: Buffer.concat([
      Buffer.from(`${emptyBlocks.length.toString(16)}\r\n`),
      emptyBlocks,
      Buffer.from("\r\n"),
    ]),
  },
};

let server: Server;
/** Called with what was sent, whenever the receiver has taken some of it. */
let watch: (sentBytes: number) => void = () => {};
/** Of the last answer. */
let closed: Promise<unknown>;
before(async () => {
  server = createServer((request, response) => {
    const { encoding, first, chunks } = FLOODS[request.url!]!;
    response.on("error", () => {});
    closed = once(response, "close");
    response.writeHead(200, {
      "content-type": "application/cbor",
      ...(encoding === null ? {} : { "content-encoding": encoding }),
    });
    response.write(first);
    if (chunks === null) response.end();
    else flood(response.socket!, chunks);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => server.close());

/** As much as is taken. */
function flood(socket: Socket, chunks: Buffer): void {
  while (!socket.destroyed && socket.write(chunks));
  watch(socket.bytesWritten);
  socket.once("drain", () => flood(socket, chunks));
}

function get(path: string, clock: ManualClock): Promise<Uint8Array> {
  const { port } = server.address() as AddressInfo;
  return exchange({
    ...{ fetch, clock, url: `http://127.0.0.1:${port}${path}`, body: null, accept: "application/cbor" },
    ...{ maxBytes: LIMIT_BYTES, deadline: NOW + DEADLINE_MS, signal: null },
  });
}

for (const path of ["/bytes", "/gzip", "/gzip-in-gzip"])
  test(`${path} is refused as soon as it is too much, and let go`, async () => {
    const most = await measureHeld(() =>
      assert.rejects(get(path, new ManualClock(NOW)), { code: "body_too_large" }),
    );
    // The limit, twice that while it grows, and what the platform has in flight on both sides.
    assert.ok(most < 32 * LIMIT_BYTES, `${most} bytes`);
    await closed;
  });

test("/gzip-of-nothing, of which no byte ever comes, is given up at the deadline, and let go", async () => {
  const clock = new ManualClock(NOW);
  watch = (sentBytes) => {
    if (sentBytes > 16 * LIMIT_BYTES) clock.advance(DEADLINE_MS);
  };
  await assert.rejects(get("/gzip-of-nothing", clock), { code: "timed_out" });
  await closed;
});
