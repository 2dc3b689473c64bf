// The same code on another runtime: what a module of this project makes of some JSON there.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { PROJECT_ROOT } from "../../cli/state.ts";

export const ELSEWHERE = ["deno", "bun", "workerd"] as const;

const BINARIES = {
  deno: ["@deno/linux-x64-glibc/deno", "run", "--allow-read", "--no-lock"],
  bun: ["@oven/bun-linux-x64/bin/bun", "run"],
} as const;

/** What the default export of `module`, a path in this project, gives for `input`; both are JSON. */
export async function callOn(
  runtime: (typeof ELSEWHERE)[number],
  module: string,
  input: unknown,
): Promise<unknown> {
  if (runtime === "workerd") return callOnWorkerd(module, input);
  const folder = await mkdtemp(join(tmpdir(), "quorate-test-"));
  try {
    const file = join(folder, "input.json");
    await writeFile(file, JSON.stringify(input));
    const [binary, ...parameters] = BINARIES[runtime];
    const program = join(PROJECT_ROOT, "test/support/print-call.ts");
    const { stdout } = await promisify(execFile)(
      join(PROJECT_ROOT, "node_modules", binary),
      [...parameters, program, join(PROJECT_ROOT, module), file],
      { cwd: PROJECT_ROOT, maxBuffer: 2 ** 26 },
    );
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function callOnWorkerd(module: string, input: unknown): Promise<unknown> {
  const contents = `
    import call from "./${module}";
    export default {
      fetch: async (request) => Response.json(await call(await request.json())),
    };`;
  const bundle = await build({
    stdin: { contents, resolveDir: PROJECT_ROOT },
    bundle: true,
    format: "esm",
    write: false,
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      modules: true,
      script: bundle.outputFiles[0]!.text,
      compatibilityDate: "2026-10-01",
      log: new Log(LogLevel.NONE),
    }),
  );
  try {
    const body = JSON.stringify(input);
    return await (await miniflare.dispatchFetch("http://worker.example/", { method: "POST", body })).json();
  } finally {
    await miniflare.dispose();
  }
}
