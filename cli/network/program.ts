// The programs of a local network: exactly what `wrangler deploy` would upload, made by its dry run.
// Kept under a digest of their sources, so that only the first start after a change pays for building.

import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { NetworkError } from "./errors.ts";

/** The environments of wrangler.toml. */
export type ProgramName = "worker" | "region" | "cast";

export interface ProgramModule {
  readonly type: "ESModule" | "CompiledWasm" | "Text";
  readonly path: string;
}

export interface Program {
  readonly directory: string;
  /** The entry comes first: that is how workerd knows it. */
  readonly modules: readonly ProgramModule[];
}

/** Whatever can change a program. The artifact is not among them: it is uploaded beside the program. */
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
const QUIET_WRANGLER = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_SEND_METRICS: "false",
} as const;

/** The programs of the given names, built where these sources have not been. Throws NetworkError program_failed. */
export async function buildPrograms<Name extends ProgramName>(options: {
  readonly root: string;
  readonly names: readonly Name[];
  log(line: string): void;
}): Promise<Map<Name, Program>> {
  const { root, names, log } = options;
  const shelf = join(root, ".quorate", "programs");
  const home = join(shelf, await digestSources(root));
  await mkdir(home, { recursive: true });
  const present = new Set(await readdir(home));
  const missing = names.filter((name) => !present.has(name));
  if (missing.length > 0) {
    log(`building ${missing.join(", ")} (once for these sources)`);
    await Promise.all(missing.map((name) => build(root, name, join(home, name))));
    await dropOthers(shelf, home);
  }
  const programs = await Promise.all(names.map((name) => readProgram(join(home, name))));
  return new Map(names.map((name, index) => [name, programs[index]!]));
}

async function build(root: string, name: ProgramName, target: string): Promise<void> {
  // Built aside and renamed: a crash leaves no half a program under the final name.
  const draft = `${target}.${randomUUID()}`;
  const wrangler = join(
    dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin/wrangler.js",
  );
  const parameters = [wrangler, "deploy", "--dry-run", "--env", name, "--outdir", draft];
  try {
    await promisify(execFile)(process.execPath, parameters, {
      cwd: root,
      env: { ...process.env, ...QUIET_WRANGLER },
    });
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process built the same sources meanwhile: its result is as good.
    if (error instanceof Error && "code" in error && error.code === "ENOTEMPTY") return;
    throw new NetworkError(
      "program_failed",
      `wrangler could not build "${name}": ${said(error)}; mend that, and start again`,
      {
        cause: error,
      },
    );
  }
}

function said(error: unknown): string {
  const streams = error instanceof Error ? (error as { stdout?: unknown; stderr?: unknown }) : {};
  return `${streams.stderr ?? ""}${streams.stdout ?? ""}`.trim() || String(error);
}

async function readProgram(directory: string): Promise<Program> {
  const modules: ProgramModule[] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.endsWith(".js")) modules.unshift({ type: "ESModule", path });
    else if (name.endsWith(".wasm")) modules.push({ type: "CompiledWasm", path });
    else if (name.endsWith(".json")) modules.push({ type: "Text", path });
  }
  return { directory, modules };
}

async function dropOthers(shelf: string, kept: string): Promise<void> {
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
