// One of the programs beside this file as a single module, for runtimes that read neither TypeScript nor packages.

import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** WebAssembly modules stay imports. */
export async function bundle(program: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(program, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["*.wasm"],
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}
