// How much of somebody else's body is read, and what is left of the rest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readBounded } from "../../protocol/body.ts";

/** Parts of 4 bytes, `count` of them, and how many were asked for. */
function createStream(count: number) {
  let pulled = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (pulled++ < count) controller.enqueue(Uint8Array.of(1, 2, 3, 4));
        else controller.close();
      },
      cancel() {
        cancelled = true;
        // A sender that never lets go.
        return new Promise(() => {});
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulled: () => pulled, cancelled: () => cancelled };
}

test("gives the whole body up to its limit, and nothing of a longer one", async () => {
  assert.deepEqual(await readBounded(createStream(2).stream, 8), Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4));
  assert.equal(await readBounded(createStream(2).stream, 7), null);
});

test("an absent body and an empty one are no bytes", async () => {
  assert.deepEqual(await readBounded(null, 8), new Uint8Array(0));
  assert.deepEqual(await readBounded(createStream(0).stream, 0), new Uint8Array(0));
});

test("stops at the first part too many and lets the sender go", async () => {
  const { stream, pulled, cancelled } = createStream(Number.POSITIVE_INFINITY);
  assert.equal(await readBounded(stream, 10), null);
  assert.equal(pulled(), 3);
  assert.ok(cancelled());
});

test("fails as the stream fails", async () => {
  const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("cut")) });
  await assert.rejects(readBounded(stream, 8), /cut/);
});
