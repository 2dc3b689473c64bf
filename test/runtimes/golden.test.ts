// The golden table itself; the files beside this one hold each runtime against it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ARTIFACTS_FOLDER } from "../../cli/state.ts";
import { CATALOGUE } from "../../models/catalogue.ts";
import { concatBytes, formatHex } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { GOLDENS, type GoldenModel } from "../support/golden.ts";

const MODELS: readonly (readonly [name: string, golden: GoldenModel])[] = Object.entries(GOLDENS);

test("the golden table has every model of the catalogue, and at least three inputs of each", async () => {
  const index: Record<string, { digest: string }> = JSON.parse(
    await readFile(join(ARTIFACTS_FOLDER, "models.json"), "utf8"),
  );
  const built = CATALOGUE.map(({ name }) => [name, index[name]?.digest]);
  const golden = MODELS.map(([name, { model }]) => [name, model]);
  assert.deepEqual(Object.fromEntries(golden), Object.fromEntries(built));
  for (const [name, { inputs }] of MODELS) assert.ok(inputs.length >= 3, name);
});

for (const [name, { inputs }] of MODELS) {
  for (const { name: title, tensors, input } of inputs) {
    test(`${name}: ${title} becomes the golden input`, async () => {
      const data = (await tensors()).map((tensor) => tensor.data);
      assert.equal(formatHex(await digestRaw(concatBytes(...data))), input);
    });
  }
}
