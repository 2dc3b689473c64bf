import assert from "node:assert/strict";
import { test } from "node:test";
import { loadArtifact, readKernels } from "../../cli/artifacts/artifacts.ts";
import { boundaryTensor } from "../../engine/blocks.ts";
import { decodeManifest, loadModel, type Manifest, type Model } from "../../engine/index.ts";
import { formatHex } from "../../protocol/bytes.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { compileTiny } from "../models/compile-tiny.ts";
import { randomInput, tinyRequest } from "../models/tiny-model.ts";
import { GOLDENS } from "../support/golden.ts";

const artifact = await compileTiny();
const tiny = await loadModel({
  kernels: await readKernels(),
  isa: "simd128",
  manifest: artifact.manifest,
  model: artifact.digest,
  openChunk: async (index) => new Blob([artifact.chunks[index]!]).stream(),
});
const inputs = tinyRequest(randomInput(5));
const shapes = inputs.map(({ shape }) => shape);

/** Every block but the first, each from the output of the one before, gives what the whole run gave. */
async function checkBlocks(model: Model, given: readonly Tensor[]): Promise<void> {
  const { blocks } = await model.run({ inputs: given });
  for (let last = 0; last < blocks.length; last++) {
    const trace = await model.runBlocks({ inputs: given, last });
    assert.deepEqual(trace.blocks.map(formatHex), blocks.slice(0, last + 1).map(formatHex));
    if (last === blocks.length - 1) continue;
    const alone = { shapes: given.map(({ shape }) => shape), block: last + 1, boundary: trace.output };
    assert.equal(formatHex(await model.runBlock(alone)), formatHex(blocks[last + 1]!));
  }
}

test("a block alone gives the same bytes as in a whole run, in the tiny model", () =>
  checkBlocks(tiny, inputs));

for (const [name, golden] of Object.entries(GOLDENS))
  test(`a block alone gives the same bytes as in a whole run, in ${name}`, async () => {
    await checkBlocks(await loadArtifact(name, "simd128"), await golden.inputs[0].tensors());
  });

test("a block alone does not depend on what memory held before", async () => {
  const { output: boundary } = await tiny.runBlocks({ inputs, last: 0 });
  const alone = { shapes, block: 1, boundary };
  const first = formatHex(await tiny.runBlock(alone));
  tiny.execute(tinyRequest(randomInput(9)));
  assert.equal(formatHex(await tiny.runBlock(alone)), first);
});

test("another output of the block before gives another digest", async () => {
  const { output: boundary } = await tiny.runBlocks({ inputs, last: 0 });
  const { blocks } = await tiny.runBlocks({ inputs, last: 1 });
  const other = boundary.map((byte) => byte ^ 0x40);
  assert.notEqual(
    formatHex(await tiny.runBlock({ shapes, block: 1, boundary: other })),
    formatHex(blocks[1]!),
  );
});

test("a boundary of another length, and shapes that the model does not take, are refused before anything runs", async () => {
  const { output: boundary } = await tiny.runBlocks({ inputs, last: 0 });
  const alone = { shapes, block: 1, boundary };
  for (const wrong of [
    { ...alone, boundary: boundary.slice(1) },
    { ...alone, shapes: [] },
    { ...alone, shapes: [[1, 1, 1, 1]] },
  ])
    await assert.rejects(tiny.runBlock(wrong), { code: "input_invalid" });
});

test("the first block and blocks that are not there cannot be run alone", async () => {
  const { output: boundary } = await tiny.runBlocks({ inputs, last: 0 });
  for (const block of [0, -1, tiny.manifest.blocks.length])
    await assert.rejects(tiny.runBlock({ shapes, block, boundary }), RangeError);
  await assert.rejects(tiny.runBlocks({ inputs, last: tiny.manifest.blocks.length }), RangeError);
});

test("a block that reads more than the output of the block before is refused", () => {
  const honest = decodeManifest(artifact.manifest);
  // Every operation ends a block: the sum of the residual connection then reads two of them.
  const manifest: Manifest = { ...honest, blocks: honest.ops.map((_, op) => op) };
  const dependent = manifest.blocks.filter((block) => block > 0 && !isAlone(manifest, block));
  assert.ok(dependent.length > 0 && dependent.length < manifest.blocks.length - 1, String(dependent));
});

function isAlone(manifest: Manifest, block: number): boolean {
  try {
    boundaryTensor(manifest, block);
    return true;
  } catch (error) {
    assert.equal((error as { code?: string }).code, "block_dependent");
    return false;
  }
}

test("operations are counted before anything runs", async () => {
  const { opCount } = await tiny.run({ inputs });
  assert.equal(tiny.countOperations(shapes), opCount);
  assert.throws(() => tiny.countOperations([[1]]), { code: "input_invalid" });
});
