// The programs of a local network: exactly what `wrangler deploy` would upload, made by its dry run.
// Kept under a digest of their sources, so that only the first start after a change pays for bundling.

import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { NetworkError } from "./error.ts";

/** The environments of wrangler.toml. */
export type Program = "worker" | "region" | "cast";

export interface BundleModule {
  readonly type: "ESModule" | "CompiledWasm" | "Text";
  readonly path: string;
}

export interface Bundle {
  readonly directory: string;
  /** The entry comes first: that is how workerd knows it. */
  readonly modules: readonly BundleModule[];
}

/** Whatever can change a bundle. The artifact is not among them: it is uploaded beside the program. */
const SOURCES = [
  "durable-objects",
  "engine",
  "protocol",
  "wasm",
  "workers",
  "package-lock.json",
  "wrangler.toml",
];

/** No telemetry, no look for updates, no look for this machine's place: starting works without a network. */
export const QUIET_WRANGLER = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
} as const;

/** Throws NetworkError bundle_failed with what wrangler said. */
export async function buildBundles<P extends Program>(options: {
  readonly root: string;
  readonly programs: readonly P[];
  log(line: string): void;
}): Promise<Map<P, Bundle>> {
  const { root, programs, log } = options;
  const shelf = join(root, ".quorate", "bundles");
  const home = join(shelf, await digestSources(root));
  await mkdir(home, { recursive: true });
  const present = new Set(await readdir(home));
  const missing = programs.filter((program) => !present.has(program));
  if (missing.length > 0) {
    log(`bundling ${missing.join(", ")} (once for these sources)`);
    await Promise.all(missing.map((program) => bundle(root, program, join(home, program))));
    await dropOtherBundles(shelf, home);
  }
  const bundles = await Promise.all(programs.map(async (program) => readBundle(join(home, program))));
  return new Map(programs.map((program, index) => [program, bundles[index]!]));
}

async function bundle(root: string, program: Program, target: string): Promise<void> {
  // Bundled aside and renamed: a crash leaves no half a program under the final name.
  const draft = `${target}.${randomUUID()}`;
  const wrangler = join(
    dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin/wrangler.js",
  );
  const parameters = [wrangler, "deploy", "--dry-run", "--env", program, "--outdir", draft];
  try {
    await promisify(execFile)(process.execPath, parameters, {
      cwd: root,
      env: { ...process.env, ...QUIET_WRANGLER },
    });
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process bundled the same sources meanwhile: its result is as good.
    if (error instanceof Error && "code" in error && error.code === "ENOTEMPTY") return;
    throw new NetworkError("bundle_failed", `wrangler could not bundle "${program}": ${said(error)}`, {
      cause: error,
    });
  }
}

function said(error: unknown): string {
  const streams = error instanceof Error ? (error as { stdout?: unknown; stderr?: unknown }) : {};
  return `${streams.stderr ?? ""}${streams.stdout ?? ""}`.trim() || String(error);
}

async function readBundle(directory: string): Promise<Bundle> {
  const modules: BundleModule[] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.endsWith(".js")) modules.unshift({ type: "ESModule", path });
    else if (name.endsWith(".wasm")) modules.push({ type: "CompiledWasm", path });
    else if (name.endsWith(".json")) modules.push({ type: "Text", path });
  }
  return { directory, modules };
}

async function dropOtherBundles(shelf: string, kept: string): Promise<void> {
  const others = (await readdir(shelf)).map((name) => join(shelf, name)).filter((path) => path !== kept);
  await Promise.all(others.map((path) => rm(path, { recursive: true, force: true })));
}

async function digestSources(root: string): Promise<string> {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    for (const path of await listFiles(root, source)) {
      const bytes = await readFile(join(root, path));
      hash.update(`${path}\0${bytes.byteLength}\0`).update(bytes);
    }
  }
  return hash.digest("hex").slice(0, 32);
}

async function listFiles(root: string, source: string): Promise<string[]> {
  if (source.includes(".")) return [source];
  const entries = await readdir(join(root, source), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
