// What the cast refuses to play. Its vices are watched in test/topology.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WEB_OPTIONS } from "../../workers/adapters/web.ts";
import { createCastApp } from "../../workers/cast/app.ts";
import { createMemorySealingStore } from "../../workers/inference/sealing-store.ts";

const OPTIONS = {
  ...WEB_OPTIONS,
  artifacts: { open: async () => null },
  /** The smallest module there is: nothing here runs it. */
  kernels: new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
  digestsJson: "{}",
  loadModel: () => assert.fail("nothing is loaded"),
  infer: () => assert.fail("nothing is run"),
  startedAt: 0,
  sealingStore: createMemorySealingStore(WEB_OPTIONS),
};

test("refuses a vice that it does not have", async () => {
  for (const vice of [undefined, "", "angry"]) {
    const app = createCastApp({ ...OPTIONS, variables: { VICE: vice } });
    await assert.rejects(app, { name: "TypeError", message: /VICE/ });
  }
});

test("refuses to be slow without a delay", async () => {
  for (const delay of [undefined, "", "soon", "-1", "1e3", "1.5", "99999999"]) {
    const app = createCastApp({ ...OPTIONS, variables: { VICE: "slow", DELAY_MS: delay } });
    await assert.rejects(app, { name: "TypeError", message: /DELAY_MS/ });
  }
});

test("refuses to copy from nobody", async () => {
  for (const source of [undefined, ""]) {
    const app = createCastApp({ ...OPTIONS, variables: { VICE: "copying", COPY_FROM: source } });
    await assert.rejects(app, { name: "TypeError", message: /COPY_FROM/ });
  }
});
