// Sizes: what is downloaded, deployed and handed around.
import { readFile, stat } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { loadArtifact } from "../cli/artifacts/artifacts.ts";
import { createPage, readModelNames } from "../web/verifier/build.ts";
import { judge, type Row } from "./report.ts";

const root = new URL("../", import.meta.url);

export async function benchSize(): Promise<Row[]> {
  const kernels = await readFile(new URL("wasm/kernels.wasm", root));
  const worker = await bundle("workers/adapters/cloudflare-worker.ts");
  const client = await bundle("client/index.ts");
  const verifier = await bundle("client/verify.ts");
  const page = gzipSync(await createPage(await readModelNames())).length;
  const { manifest } = await loadArtifact("moderate-mobilenet-v2", "simd128");
  const weights = manifest.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const { size } = await stat(new URL("wasm/kernels.wasm", root));
  return [
    judge("kernels.wasm", size / 1000, "KB", "at most", 100),
    judge(
      "worker bundle with kernels, gzipped",
      (worker + gzipSync(kernels).length) / 1000,
      "KB",
      "at most",
      200,
    ),
    judge("client SDK, gzipped", client / 1000, "KB", "at most", 40),
    judge("verifier alone, gzipped", verifier / 1000, "KB", "at most", 40),
    judge("page that verifies, gzipped", page / 1000, "KB", "at most", 40),
    judge("moderate-mobilenet-v2, weights", weights / 2 ** 20, "MiB", null, null),
  ];
}

/** Gzipped bytes of the minified bundle; modules of the platform and of WebAssembly stay outside. */
async function bundle(entry: string): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [new URL(entry, root).pathname],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    legalComments: "none",
    external: ["cloudflare:*", "*.wasm"],
    loader: { ".json": "text" },
  });
  return gzipSync(outputFiles[0]!.contents).length;
}
