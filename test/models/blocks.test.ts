// The blocks of the shipped models: what their digests cost, and what they show. It needs the built artifacts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadArtifact } from "../../cli/artifacts/artifacts.ts";
import { ELEMENT_BYTES, elementCount, planMemory } from "../../engine/index.ts";
import { CATALOGUE } from "../../models/catalogue.ts";

const MAX_FREE_BLOCK_BYTES = 32 * 1024;
const MIN_OPERATIONS_PER_BYTE = 200;

for (const { name } of CATALOGUE)
  test(`each block of ${name} is worth its digest, and more is digested than the reply holds`, async () => {
    const { manifest } = await loadArtifact(name, "simd128");
    const { bound, opCounts } = planMemory(manifest);
    const sizes = manifest.blocks.map((op) => {
      const tensor = manifest.ops[op]!.outputs[0]!;
      return elementCount(bound.tensors[tensor]!.shape) * ELEMENT_BYTES[manifest.tensors[tensor]!.dtype];
    });
    for (const [index, op] of manifest.blocks.slice(0, -1).entries()) {
      const begin = index === 0 ? 0 : manifest.blocks[index - 1]! + 1;
      const work = opCounts.slice(begin, op + 1).reduce((sum, count) => sum + count, 0);
      const bytes = sizes[index]!;
      assert.ok(bytes <= MAX_FREE_BLOCK_BYTES || work >= MIN_OPERATIONS_PER_BYTE * bytes, `block ${index}`);
    }
    assert.equal(manifest.blocks.at(-1), manifest.ops.length - 1);
    // Otherwise the keyed trace could be made from another worker's reply.
    assert.ok(manifest.blocks.length >= 2);
  });
