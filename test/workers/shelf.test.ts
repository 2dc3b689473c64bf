// When models are loaded, how often, and what a failure means for the next request.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../../engine/index.ts";
import { formatHex, utf8 } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { createShelf, type Shelf } from "../../workers/inference/shelf.ts";

const DIGEST = new Uint8Array(32).fill(3);
/** The smallest module there is: nothing here runs it. */
const KERNELS = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
const MODEL = { digest: DIGEST, memoryBytes: 65_536 } as Model;

/** A shelf whose loads come to the given outcomes, in turn. */
function createTestShelf(
  outcomes: (Model | Promise<Model> | Error)[],
  changes: Record<string, string | null> = {},
) {
  const held: Promise<unknown>[] = [];
  let loads = 0;
  const files: Record<string, string | null> = {
    "models.json": JSON.stringify({ tiny: { digest: formatHex(DIGEST) } }),
    [`${formatHex(DIGEST)}/manifest.cbor`]: "manifest",
    ...changes,
  };
  const shelf: Shelf = createShelf({
    names: ["tiny"],
    artifacts: {
      async open(path) {
        const text = files[path] ?? null;
        return text === null ? null : new Blob([utf8(text)]).stream();
      },
    },
    kernels: KERNELS,
    async loadModel() {
      const outcome = outcomes[loads++]!;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  });
  const load = () => shelf.load(DIGEST, (promise) => held.push(promise));
  return { shelf, load, held, loads: () => loads };
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
  const { shelf, loads } = createTestShelf([MODEL]);
  await assert.rejects(
    shelf.load(new Uint8Array(32), () => {}),
    { code: "model_unknown" },
  );
  assert.equal(loads(), 0);
});

test("says that a model is loading while it is", async () => {
  const arrival = Promise.withResolvers<Model>();
  const { shelf } = createTestShelf([arrival.promise]);
  const begun = Promise.withResolvers<void>();
  const loading = shelf.load(DIGEST, () => begun.resolve());
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
