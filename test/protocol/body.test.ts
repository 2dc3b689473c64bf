// How much of somebody else's body is read, and what is left of the rest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readBounded } from "../../protocol/body.ts";
import { FIRST_BYTES_MS, MIN_BYTES_PER_SECOND } from "../../protocol/pace.ts";
import { callOn, ELSEWHERE } from "../support/elsewhere.ts";

/** Equal parts, `count` of them, and how many were asked for. */
function createStream(count: number, part = Uint8Array.of(1, 2, 3, 4)) {
  let pulled = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (pulled++ < count) controller.enqueue(part);
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
  assert.deepEqual(await readBounded(createStream(2).stream, 8, null), Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4));
  assert.equal(await readBounded(createStream(2).stream, 7, null), null);
});

test("an absent body and an empty one are no bytes", async () => {
  assert.deepEqual(await readBounded(null, 8, null), new Uint8Array(0));
  assert.deepEqual(await readBounded(createStream(0).stream, 0, null), new Uint8Array(0));
});

test("stops at the first part too many and lets the sender go", async () => {
  const { stream, pulled, cancelled } = createStream(Number.POSITIVE_INFINITY);
  assert.equal(await readBounded(stream, 10, null), null);
  assert.equal(pulled(), 3);
  assert.ok(cancelled());
});

test("refuses a body in many small parts as soon as there are too many, and empty parts that never end", async () => {
  for (const [size, asked] of [
    [0, 65],
    [1, 66],
    [32, 129],
    [63, 4097],
  ] as const) {
    const { stream, pulled, cancelled } = createStream(Number.POSITIVE_INFINITY, new Uint8Array(size));
    assert.equal(await readBounded(stream, 1_000_000, null), null);
    assert.equal(pulled(), asked);
    assert.ok(cancelled());
  }
});

test("takes small bodies in any parts, and large ones in parts of 64 bytes", async () => {
  const inBytes = createStream(64, Uint8Array.of(1)).stream;
  assert.equal((await readBounded(inBytes, 1_000_000, null))?.length, 64);
  const inParts = createStream(10_000, new Uint8Array(64)).stream;
  assert.equal((await readBounded(inParts, 1_000_000, null))?.length, 640_000);
});

/** Timers that only the test lets run out, one after the other. */
function createTimers() {
  const asked: number[] = [];
  let timer = new AbortController();
  return {
    asked,
    timeout(milliseconds: number) {
      asked.push(milliseconds);
      timer = new AbortController();
      return timer.signal;
    },
    runOut: () => timer.abort(),
  };
}

test("many parts leave nothing at the signal that bounds their time", async () => {
  const signal = new AbortController().signal;
  let listening = 0;
  let most = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    most = Math.max(most, ++listening);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listening--;
    removeEventListener.apply(signal, args);
  };
  const bounds = { timeout: () => signal, grow: () => undefined };
  await readBounded(createStream(5000, new Uint8Array(64)).stream, 1_000_000, bounds);
  assert.deepEqual([most, listening], [1, 0]);
});

test("keeps the bytes of a part and not its buffer, which the sender's runtime may use again", async () => {
  const shared = new Uint8Array(4096);
  let count = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        shared[0] = count;
        if (count++ < 3) controller.enqueue(shared.subarray(0, 1));
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const body = await readBounded(stream, 1000, null);
  assert.deepEqual(body, Uint8Array.of(0, 1, 2));
  assert.equal(body?.buffer.byteLength, 3);
});

test("puts together a body that outgrows its first buffer several times", async () => {
  const part = Uint8Array.from({ length: 50_000 }, (_, index) => index);
  const body = await readBounded(createStream(11, part).stream, 550_000, null);
  assert.equal(body?.length, 550_000);
  for (let index = 0; index < 11; index++)
    assert.deepEqual(body.subarray(index * 50_000, (index + 1) * 50_000), part);
  assert.equal(await readBounded(createStream(11, part).stream, 549_999, null), null);
});

test("fails as the stream fails", async () => {
  const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("cut")) });
  await assert.rejects(readBounded(stream, 8, null), /cut/);
});

test("asks before it makes a larger buffer, and ends with what it is told", async () => {
  const part = new Uint8Array(50_000);
  const asked: number[] = [];
  const { stream, cancelled } = createStream(4, part);
  const bounds = {
    timeout: createTimers().timeout,
    grow(bytes: number) {
      asked.push(bytes);
      if (bytes > 150_000) throw new RangeError("too much");
    },
  };
  await assert.rejects(readBounded(stream, 1_000_000, bounds), /too much/);
  assert.deepEqual(asked, [50_000, 100_000, 200_000]);
  assert.ok(cancelled());
});

test("ends where the sender sends nothing in time, and lets the sender go", async () => {
  const { asked, timeout, runOut } = createTimers();
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    cancel() {
      cancelled = true;
    },
  });
  const read = readBounded(stream, 8, { timeout, grow: () => assert.fail("it grew") });
  runOut();
  runOut();
  await assert.rejects(read, { name: "TransportError", code: "body_too_slow" });
  assert.deepEqual(asked, [FIRST_BYTES_MS, 100]);
  assert.ok(cancelled);
});

test("who sends has time for what came, and who sends a byte now and then does not stay for it", async () => {
  const { asked, timeout, runOut } = createTimers();
  const sender = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => sender.resolve(controller) });
  const controller = await sender.promise;
  const send = async (bytes: number) => {
    controller.enqueue(new Uint8Array(bytes));
    await new Promise((resolve) => setImmediate(resolve)); // until it was read
  };
  const read = readBounded(stream, 10 * MIN_BYTES_PER_SECOND, { timeout, grow: () => undefined });
  await send(3 * MIN_BYTES_PER_SECOND);
  runOut();
  assert.deepEqual(asked, [FIRST_BYTES_MS, 3000]);
  await send(1);
  runOut();
  assert.deepEqual(asked.slice(2), [100]);
  await send(1);
  runOut();
  await send(1);
  runOut();
  await assert.rejects(read, { code: "body_too_slow" });
  assert.deepEqual(asked.slice(3), [100]);
});

test("what came while the receiver was busy is in time, though the timer runs out before it is read", async () => {
  const { timeout, runOut } = createTimers();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await null;
      runOut();
      controller.enqueue(Uint8Array.of(1));
      controller.close();
    },
  });
  const body = await readBounded(stream, 8, { timeout, grow: () => undefined });
  assert.deepEqual(body, Uint8Array.of(1));
});

test("a sender that hangs up and a mistake of ours are told apart", async () => {
  const { timeout } = createTimers();
  const cut = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("cut")) });
  await assert.rejects(readBounded(cut, 8, { timeout, grow: () => undefined }), { code: "body_incomplete" });
  const grow = () => {
    throw new TypeError("a mistake of ours");
  };
  const { stream } = createStream(2, new Uint8Array(50_000));
  await assert.rejects(readBounded(stream, 200_000, { timeout, grow }), TypeError);
});

for (const runtime of ELSEWHERE)
  test(`${runtime} reads as much, of what a program made too`, async () => {
    const read = (maxBytes: number) =>
      callOn(runtime, "test/protocol/body-parts.ts", { parts: 11, bytes: 50_000, maxBytes });
    assert.deepEqual(await read(550_000), [550_000, 550_000]);
    assert.deepEqual(await read(549_999), [null, null]);
  });
