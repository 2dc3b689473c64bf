import assert from "node:assert/strict";
import { after, test } from "node:test";
import { askWorker, type Verdict } from "../../client/ask.ts";
import { createExpectation } from "../../client/check.ts";
import { createSystemClock } from "../../client/clock.ts";
import { concatBytes, equalBytes, utf8 } from "../../protocol/bytes.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { SEALED_REPLY_MEDIA_TYPE } from "../../protocol/http.ts";
import { MAX_SEALED_BYTES } from "../../protocol/limits.ts";
import { openRecord, signRecord, type WorkerRecord } from "../../protocol/record.ts";
import { openRefusal } from "../../protocol/refusal.ts";
import { BLOCKS, bytesFor, createRequest, createWorker, NOW, OUTPUTS } from "../protocol/fixtures.ts";
import { HOSTILE_BYTES } from "../protocol/strictness.ts";
import { ManualClock } from "./manual-clock.ts";
import {
  copying,
  failing,
  honest,
  lying,
  type Part,
  refusing,
  refusingWith,
  signing,
  silent,
  startNetwork,
  strangerKey,
} from "./network.ts";

const network = await startNetwork(["one"]);
after(() => network.close());
const [member] = network.workers;
const record = member!.worker.opened;
const request = await createRequest("standard");
const expectation = await createExpectation(request);

async function ask(
  part: Part,
  clock = new ManualClock(NOW),
  signal = new AbortController().signal,
): Promise<Verdict> {
  member!.part = part;
  return askWorker({ expectation, seat: 3, record, allowPlain: false, fetch, clock, signal });
}

test("an honest worker's verdict is signed, with everything that is needed to count it", async () => {
  const verdict = await ask(honest);
  assert.ok(verdict.outcome === "signed", JSON.stringify(verdict));
  assert.deepEqual([verdict.seat, verdict.operator, verdict.provider], [3, "operator-0.example", "one"]);
  assert.ok(equalBytes(verdict.workerKey, record.record.workerKey));
  assert.equal(verdict.outputs[0]!.data.length, 4);
  assert.ok(equalBytes(verdict.receipt.wrap.record, record.digest));
  assert.equal(member!.seats.at(-1), 3);
});

test("a lie and a copy are signed verdicts too: only others can tell", async () => {
  assert.equal((await ask(lying)).outcome, "signed");
  assert.equal((await ask(copying)).outcome, "signed");
});

const stranger = await createWorker("stranger");
const other = await bytesFor("another");

/** part → the code of the failed verdict. */
const HOSTILE_PARTS: [string, string, Part][] = [
  [
    "signs for another seat",
    "seat_mismatch",
    signing(() => ({ changeWrap: (wrap) => ({ ...wrap, seat: 4 }) })),
  ],
  [
    "names another record",
    "record_mismatch",
    signing(() => ({ changeWrap: (wrap) => ({ ...wrap, record: other }) })),
  ],
  ["signs in the past", "time_mismatch", signing(() => ({ time: NOW - 300_001 }))],
  ["signs in the future", "time_mismatch", signing(() => ({ time: NOW + 300_001 }))],
  [
    "signs with a stale key",
    "worker_mismatch",
    async (asked) => honest(asked, { ...member!.worker, secretKey: await strangerKey() }),
  ],
  ["relays a stranger's receipt", "worker_mismatch", async (asked) => honest(asked, stranger)],
  [
    "replays an old receipt",
    "request_mismatch",
    (asked, worker) => honest({ ...asked, nonce: other.slice(0, 16) }, worker),
  ],
  ["ran another model", "model_mismatch", (asked, worker) => honest({ ...asked, model: other }, worker)],
  ["ran another engine", "engine_mismatch", (asked, worker) => honest({ ...asked, engine: other }, worker)],
  ["changed the policy", "request_mismatch", (asked, worker) => honest({ ...asked, policy: "fast" }, worker)],
  [
    "changed the assignment",
    "assignment_mismatch",
    signing(() => ({ changeStatement: (statement) => ({ ...statement, assignment: other }) })),
  ],
  ["ran other inputs", "input_mismatch", (asked, worker) => honest({ ...asked, inputs: OUTPUTS }, worker)],
  [
    "committed under another salt",
    "input_mismatch",
    (asked, worker) => honest({ ...asked, salt: other }, worker),
  ],
  ["sends other outputs than it signed", "output_mismatch", signing(() => ({}), { outputs: OUTPUTS })],
  ["sends other blocks than it signed", "trace_mismatch", signing(() => ({}), { blocks: BLOCKS })],
  ["refuses", "memory_exhausted", refusing],
  ["refuses another request", "request_mismatch", refusingWith((said) => ({ ...said, request: other }))],
  ["refuses for another seat", "seat_mismatch", refusingWith((said) => ({ ...said, seat: 9 }))],
  ["refuses at another time", "time_mismatch", refusingWith((said) => ({ ...said, time: NOW - 600_000 }))],
  ["refuses with another's key", "worker_mismatch", (asked) => refusing(asked, stranger)],
  ["cannot read the request", "status_unexpected", failing],
  ["fails without a word", "status_unexpected", async () => ({ status: 500, body: new Uint8Array(0) })],
  ["fails with a flood", "status_unexpected", async () => ({ status: 500, body: new Uint8Array(100_000) })],
  [
    "redirects",
    "status_unexpected",
    async () => ({ status: 307, headers: { location: "http://127.0.0.1:1/" }, body: new Uint8Array(0) }),
  ],
  ["sends a web page", "content_type_unsupported", async () => ({ type: "text/html", body: utf8("<html>") })],
  ["sends nothing", "malformed", async () => ({ body: new Uint8Array(0) })],
  [
    "sends one byte too many",
    "malformed",
    async (asked, worker) => ({ body: concatBytes((await honest(asked, worker))!.body, Uint8Array.of(0)) }),
  ],
  [
    "sends a flood",
    "body_too_large",
    async () => ({ type: SEALED_REPLY_MEDIA_TYPE, body: new Uint8Array(MAX_SEALED_BYTES + 1) }),
  ],
  [
    "hangs up",
    "unreachable",
    async () => {
      throw new Error("hang up");
    },
  ],
];

for (const [title, code, part] of HOSTILE_PARTS)
  test(`a worker that ${title} is a failed verdict: ${code}`, async () => {
    const verdict = await ask(part);
    assert.equal(verdict.outcome === "failed" ? verdict.code : "signed", code);
    assert.equal(verdict.operator, "operator-0.example");
  });

test("a worker that sends hostile bytes is a failed verdict, whatever they are", async () => {
  for (const [title, body] of HOSTILE_BYTES)
    assert.equal((await ask(async () => ({ body }))).outcome, "failed", title);
});

test("a refusal is kept as it was signed, and told with the worker's reason in printable text", async () => {
  const verdict = await ask(refusing);
  assert.ok(verdict.outcome === "failed" && verdict.refusal !== null);
  assert.equal(verdict.detail, "the model does not fit;?ask again");
  const { key, refusal } = await openRefusal(verdict.refusal);
  assert.deepEqual([key, refusal.code], [verdict.workerKey, "memory_exhausted"]);
});

test("what a worker says without a signature is told with its status", async () => {
  const verdict = await ask(failing);
  assert.ok(verdict.outcome === "failed" && verdict.refusal === null);
  assert.match(verdict.detail, /400.*malformed: not one CBOR item; encode it again/);
});

test("a silent worker times out at the request's deadline, on the injected clock", async () => {
  const clock = new ManualClock(NOW);
  const verdict = ask(silent, clock);
  await clock.started(10_000);
  clock.advance(9_999);
  clock.advance(1);
  const timedOut = await verdict;
  assert.equal(timedOut.outcome === "failed" && timedOut.code, "timed_out");
  assert.equal(timedOut.elapsedMs, 10_000);
  assert.equal(clock.running, 0);
});

test("an ask that is no longer needed ends at once, before it starts or while it waits", async () => {
  const early = await ask(honest, new ManualClock(NOW), AbortSignal.abort());
  assert.equal(early.outcome === "failed" && early.code, "cancelled");
  const controller = new AbortController();
  const waiting = ask(
    async () => {
      controller.abort();
      return null;
    },
    new ManualClock(NOW),
    controller.signal,
  );
  const verdict = await waiting;
  assert.equal(verdict.outcome === "failed" && verdict.code, "cancelled");
});

test("a fetch that ignores its signal cannot hold the client", async () => {
  const clock = new ManualClock(NOW);
  const asked = Promise.withResolvers<void>();
  const deaf = () => {
    asked.resolve();
    return new Promise<Response>(() => undefined);
  };
  const signal = new AbortController().signal;
  const verdict = askWorker({
    ...{ expectation, seat: 0, record, allowPlain: false },
    ...{ fetch: deaf, clock, signal },
  });
  await asked.promise;
  clock.advance(10_000);
  const { outcome } = await verdict;
  assert.equal(outcome, "failed");
});

test("a mistake of ours is the seat's failure, with code and cause", async () => {
  member!.part = honest;
  const stated = { ...expectation.stated, assignment: null as unknown as Uint8Array<ArrayBuffer> };
  const broken = { ...expectation, stated };
  const [clock, signal] = [new ManualClock(NOW), new AbortController().signal];
  const verdict = await askWorker({
    ...{ expectation: broken, seat: 3, record, allowPlain: false },
    ...{ fetch, clock, signal },
  });
  assert.ok(verdict.outcome === "failed" && verdict.code === "unexpected_error", JSON.stringify(verdict));
  assert.ok(verdict.cause instanceof TypeError);
});

test("nobody listening is unreachable", async () => {
  const gone = await createWorker("gone", { endpoint: "http://127.0.0.1:1" });
  const signal = new AbortController().signal;
  const clock = createSystemClock();
  const future = await createExpectation({ ...request, deadline: clock.now() + 10_000 });
  const verdict = await askWorker({
    expectation: future,
    seat: 0,
    record: gone.opened,
    allowPlain: false,
    fetch,
    clock,
    signal,
  });
  assert.equal(verdict.outcome === "failed" && verdict.code, "unreachable");
  assert.ok(equalBytes(verdict.workerKey, await publicKey(gone.secretKey)));
});

test("a worker that renewed its record meanwhile is signed for under the newer one", async () => {
  const { secretKey } = member!.worker;
  const bytes = await signRecord({ ...record.record, seq: 2 }, secretKey);
  const newer = { ...member!.worker, opened: await openRecord(bytes, { now: NOW }) };
  member!.shown = bytes;
  const verdict = await ask((asked) => honest(asked, newer));
  assert.ok(verdict.outcome === "signed", JSON.stringify(verdict));
  assert.deepEqual(verdict.record, newer.opened);
});

test("a newer record of another provider, operator or key, or an older one, is no successor", async () => {
  const { secretKey } = member!.worker;
  const successor = (change: Partial<WorkerRecord>) =>
    signRecord({ ...record.record, seq: 2, ...change }, secretKey);
  const operator = await createWorker("operator-0", {
    operator: "other.example",
    endpoint: "http://localhost:1",
  });
  const shown = [
    await successor({ provider: "two" }),
    await successor({ seq: 0 }),
    operator.opened.bytes,
    stranger.opened.bytes,
  ];
  for (const bytes of shown) {
    member!.shown = bytes;
    const opened = await openRecord(bytes, { now: NOW });
    const verdict = await ask((asked) => honest(asked, { ...member!.worker, opened }));
    assert.equal(verdict.outcome === "failed" && verdict.code, "record_mismatch");
  }
});
