// What a page that only verifies has to download.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MAX_GZIPPED_BYTES = 40_000;

test("client/verify.ts is at most 40 KB gzipped, and brings nothing that asks or computes", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: ["client/verify.ts"],
    absWorkingDir: fileURLToPath(new URL("../../", import.meta.url)),
    bundle: true,
    minify: true,
    metafile: true,
    write: false,
    format: "esm",
    platform: "browser",
  });
  const [{ contents, text }] = outputFiles as [(typeof outputFiles)[number]];
  assert.ok(gzipSync(contents).length <= MAX_GZIPPED_BYTES, `${gzipSync(contents).length} bytes`);
  const files = Object.keys(metafile.inputs);
  assert.ok(files.includes("protocol/certificate-file.ts"));
  const isExpected = (file: string) =>
    /^(client\/verify\.ts$|protocol\/|.*node_modules\/(cborg|@noble\/ed25519)\/)/.test(file);
  assert.deepEqual(
    files.filter((file) => !isExpected(file)),
    [],
  );
  assert.doesNotMatch(text, /\bfetch\(|WebAssembly|XMLHttpRequest|WebSocket/);
});
