import assert from "node:assert/strict";
import { test } from "node:test";
import { findEntry, loadArtifact } from "../../cli/artifacts.ts";
import { readPhoto } from "../../cli/sources.ts";
import { concatBytes, formatHex } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { encodeModerate } from "../../tasks/moderate.ts";
import { ISAS } from "../../wasm/kernels.ts";
import { GOLDEN } from "../support/golden.ts";

const input = encodeModerate(await readPhoto(GOLDEN.photo));

test("the photograph becomes the golden tensor", async () => {
  assert.equal(formatHex(await digestRaw(input.data)), GOLDEN.input);
});

for (const isa of ISAS) {
  test(`${isa} kernels compute the golden output and the golden blocks`, async () => {
    const model = await loadArtifact(findEntry("moderate-mobilenet-v2"), isa);
    assert.equal(formatHex(model.digest), GOLDEN.model);
    const { outputs, blocks } = await model.run({ inputs: [input], traceKey: null });
    assert.equal(formatHex(await digestRaw(outputs[0]!.data)), GOLDEN.output);
    assert.equal(formatHex(await digestRaw(concatBytes(...blocks))), GOLDEN.blocks);
  });
}
