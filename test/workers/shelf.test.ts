// When models are loaded, how often, and what a failure means for the next request.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { encodeManifest, loadModel, type Model } from "../../engine/index.ts";
import { type Bytes, formatHex, utf8 } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { requiredMemory } from "../../workers/inference/required-memory.ts";
import { createShelf, type Shelf } from "../../workers/inference/shelf.ts";
import { compileTiny } from "../models/compile-tiny.ts";
import { openTestModel } from "../support/requests.ts";
import { waitUntil } from "../support/wait.ts";

/** The smallest module there is: nothing here runs it. */
const KERNELS = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
const BUDGET_BYTES = 100;
const DEADLINE_MS = 30_000;
const DIGEST = digestOf("tiny");
const MODEL = createModel("tiny", 60);

type Outcome = Model | Promise<Model> | Error;

function digestOf(name: string): Bytes {
  return new Uint8Array(32).fill(name.charCodeAt(0));
}

function createModel(name: string, memoryBytes: number): Model {
  return { digest: digestOf(name), memoryBytes } as Model;
}

/** A shelf of the named models, whose loads come to the given outcomes, in turn. A manifest is a number of bytes. */
function createTestShelf(
  outcomes: readonly Outcome[],
  changes: Record<string, string | null> = {},
  sizes: Readonly<Record<string, number>> = { tiny: 60 },
) {
  const held: Promise<unknown>[] = [];
  const opened: string[] = [];
  let loads = 0;
  const names = Object.keys(sizes);
  const index = Object.fromEntries(names.map((name) => [name, { digest: formatHex(digestOf(name)) }]));
  const manifests = names.map((name) => [`${formatHex(digestOf(name))}/manifest.cbor`, `${sizes[name]}`]);
  const files: Record<string, string | null> = {
    "models.json": JSON.stringify(index),
    ...Object.fromEntries(manifests),
    ...changes,
  };
  const shelf: Shelf = createShelf({
    names,
    artifacts: {
      async open(path) {
        opened.push(path);
        const text = files[path] ?? null;
        return text === null ? null : new Blob([utf8(text)]).stream();
      },
    },
    kernels: KERNELS,
    budgetBytes: BUDGET_BYTES,
    requiredMemory: (manifest) => Number(new TextDecoder().decode(manifest)),
    async loadModel() {
      const outcome = outcomes[loads++]!;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  });
  const hold = (promise: Promise<unknown>) => held.push(promise);
  const load = (name = "tiny") => shelf.use(digestOf(name), hold, async (model) => model);
  /** State by name, in alphabetical order. */
  const states = () =>
    Object.fromEntries(
      shelf
        .states()
        .map(({ digest, state }) => [names.find((name) => formatHex(digestOf(name)) === digest)!, state]),
    );
  return { shelf, load, hold, held, opened, states, loads: () => loads };
}

test("loads a model once for requests that come at once, and not again", async () => {
  const { load, loads } = createTestShelf([MODEL]);
  assert.deepEqual(await Promise.all([load(), load(), load()]), [MODEL, MODEL, MODEL]);
  assert.equal(await load(), MODEL);
  assert.equal(loads(), 1);
});

test("keeps the load going after the request that began it, even when it fails", async () => {
  const { load, held } = createTestShelf([new Error("passing")]);
  await assert.rejects(load(), /passing/);
  assert.equal(held.length, 1);
  await held[0];
});

test("refuses a corrupt model for good, without reading it again", async () => {
  const { shelf, load, loads } = createTestShelf([
    new InferenceError("chunk_corrupt", "chunk 1 is corrupt"),
    MODEL,
  ]);
  for (let run = 0; run < 2; run++) await assert.rejects(load(), { code: "chunk_corrupt" });
  assert.equal(loads(), 1);
  assert.equal(shelf.states()[0]?.state, "refused");
});

test("tries again after a failure that may pass", async () => {
  for (const failure of [
    new InferenceError("chunk_unavailable", "no chunk 1"),
    new TypeError("network down"),
  ]) {
    const { load, loads } = createTestShelf([failure, MODEL]);
    await assert.rejects(load(), { message: failure.message });
    assert.equal(await load(), MODEL);
    assert.equal(loads(), 2);
  }
});

test("does not load what is not on offer", async () => {
  const { load, loads } = createTestShelf([MODEL]);
  await assert.rejects(load("other"), { code: "model_unknown" });
  assert.equal(loads(), 0);
});

test("says that a model is loading while it is", async () => {
  const arrival = Promise.withResolvers<Model>();
  const { shelf } = createTestShelf([arrival.promise]);
  const begun = Promise.withResolvers<void>();
  const hold = () => begun.resolve();
  const loading = shelf.use(DIGEST, hold, async () => {});
  await begun.promise;
  assert.deepEqual(
    shelf.states().map(({ state }) => state),
    ["loading"],
  );
  arrival.resolve(MODEL);
  await loading;
  assert.deepEqual(
    shelf.states().map(({ state }) => state),
    ["ready"],
  );
});

test("blames the operator, not the asker, for a name in MODELS that is not there", async () => {
  const index = JSON.stringify({ other: { digest: formatHex(DIGEST) } });
  const { load } = createTestShelf([MODEL], { "models.json": index });
  await assert.rejects(load(), { name: "TypeError", message: /MODELS names "tiny".* only other/ });
});

test("says which file of the artifact is not there, and tries again", async () => {
  const manifest = `${formatHex(DIGEST)}/manifest.cbor`;
  for (const [path, text] of [
    ["models.json", null],
    ["models.json", "{"],
    ["models.json", "null"],
    ["models.json", '{"tiny":{"digest":"AB"}}'],
    [manifest, null],
  ] as const) {
    const { load, shelf } = createTestShelf([MODEL], { [path]: text });
    const expected = { code: "artifact_unavailable", message: new RegExp(path) };
    for (let run = 0; run < 2; run++) await assert.rejects(load(), expected);
    assert.deepEqual(shelf.states(), []);
  }
});

test("loads each of two models again when they alternate in a budget of one, and counts neither twice", async () => {
  const models = ["a", "b", "a", "b"].map((name) => createModel(name, 60));
  const { load, loads, states } = createTestShelf(models, {}, { a: 60, b: 60 });
  for (const [index, name] of ["a", "a", "b", "b", "a", "b"].entries()) {
    const { digest } = await load(name);
    assert.deepEqual(digest, digestOf(name), `request ${index}`);
    const other = name === "a" ? "b" : "a";
    assert.deepEqual(states(), { [name]: "ready", ...(index < 2 ? {} : { [other]: "unloaded" }) });
  }
  assert.equal(loads(), 4);
});

test("keeps models that fit side by side", async () => {
  const { load, loads, states } = createTestShelf(
    [createModel("a", 50), createModel("b", 50)],
    {},
    {
      a: 50,
      b: 50,
    },
  );
  for (const name of ["a", "b", "a", "b"]) await load(name);
  assert.equal(loads(), 2);
  assert.deepEqual(states(), { a: "ready", b: "ready" });
});

test("counts a model while it loads", async () => {
  const arrival = Promise.withResolvers<Model>();
  const outcomes = [arrival.promise, createModel("b", 60)];
  const { load, loads, opened } = createTestShelf(outcomes, {}, { a: 60, b: 60 });
  const a = load("a");
  await waitUntil(async () => loads() === 1, DEADLINE_MS);
  const b = load("b");
  await waitUntil(async () => opened.includes(`${formatHex(digestOf("b"))}/manifest.cbor`), DEADLINE_MS);
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  assert.equal(loads(), 1);
  arrival.resolve(createModel("a", 60));
  assert.deepEqual((await a).digest, digestOf("a"));
  await b;
  assert.equal(loads(), 2);
});

test("does not unload a model that is answering, and loads it again for who comes meanwhile", async () => {
  const outcomes = [createModel("a", 60), createModel("b", 60), createModel("a", 60)];
  const { shelf, hold, load, loads, states } = createTestShelf(outcomes, {}, { a: 60, b: 60 });
  const begun = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const answering = shelf.use(digestOf("a"), hold, () => {
    begun.resolve();
    return answer.promise;
  });
  await begun.promise;
  const b = load("b");
  await waitUntil(async () => states().a === "unloaded", DEADLINE_MS);
  const again = load("a");
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  assert.equal(loads(), 1);
  answer.resolve();
  await Promise.all([answering, b, again]);
  assert.equal(loads(), 3);
  assert.deepEqual(states(), { a: "ready", b: "unloaded" });
});

test("gives back the memory of a model that could not be loaded", async () => {
  const outcomes = [new InferenceError("chunk_corrupt", "chunk 1 is corrupt"), createModel("b", 60)];
  const { load, states } = createTestShelf(outcomes, {}, { a: 60, b: 60 });
  await assert.rejects(load("a"), { code: "chunk_corrupt" });
  await load("b");
  assert.deepEqual(states(), { a: "refused", b: "ready" });
});

test("refuses for good what is larger than the budget, after reading its manifest and nothing else", async () => {
  const { load, loads, opened, states } = createTestShelf([], {}, { tiny: BUDGET_BYTES + 1 });
  const expected = { code: "memory_exhausted", message: /needs 101 bytes, MEMORY_BUDGET_MIB allows 100/ };
  for (let run = 0; run < 2; run++) await assert.rejects(load(), expected);
  assert.deepEqual(opened, ["models.json", `${formatHex(DIGEST)}/manifest.cbor`]);
  assert.equal(loads(), 0);
  assert.deepEqual(states(), { tiny: "refused" });
});

test("a host that has no memory left refuses one request, and may have some for the next", async () => {
  const outcomes = [new InferenceError("memory_exhausted", "the host gave none"), createModel("a", 60)];
  const { load, states } = createTestShelf(outcomes, {}, { a: 60 });
  await assert.rejects(load("a"), { code: "memory_exhausted" });
  await load("a");
  assert.deepEqual(states(), { a: "ready" });
});

test("checks a model once: what was unloaded since is not loaded to be checked again", async () => {
  const { shelf, hold, loads, states } = createTestShelf(
    [createModel("a", 60), createModel("b", 60)],
    {},
    {
      a: 60,
      b: 60,
    },
  );
  for (const name of ["a", "b", "a"]) await shelf.check(digestOf(name), hold);
  assert.equal(loads(), 2);
  assert.deepEqual(states(), { a: "unloaded", b: "ready" });
});

test("refuses in a check what is refused in a request, loaded before or not", async () => {
  const corrupt = new InferenceError("chunk_corrupt", "chunk 1 is corrupt");
  const { shelf, hold, load } = createTestShelf(
    [createModel("a", 60), createModel("b", 60), corrupt],
    {},
    {
      a: 60,
      b: 60,
    },
  );
  for (const name of ["a", "b"]) await load(name);
  await assert.rejects(load("a"), { code: "chunk_corrupt" });
  await assert.rejects(shelf.check(digestOf("a"), hold), { code: "chunk_corrupt" });
});

test("knows from the manifest what a model will take, to within two pages", async () => {
  const { manifest, digest, chunks } = await compileTiny();
  const model = await loadModel({
    kernels: await readKernels(),
    isa: "simd128",
    manifest,
    model: digest,
    openChunk: async (index) => new Blob([chunks[index]!]).stream(),
  });
  for (const [known, { memoryBytes }] of [
    [manifest, model],
    [encodeManifest((await openTestModel()).manifest), await openTestModel()],
  ] as const) {
    const required = requiredMemory(known);
    assert.ok(memoryBytes <= required && required <= memoryBytes + 2 * 65_536, `${memoryBytes}, ${required}`);
  }
});

test("blames the artifact, not the asker, for a manifest that cannot be decoded", () => {
  assert.throws(() => requiredMemory(utf8("manifest")), { code: "manifest_invalid" });
});
