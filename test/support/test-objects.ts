// A Durable Object of this project with what a test needs beside it, on a workerd of its own.

import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { PROJECT_ROOT } from "../../cli/state.ts";

/** The name of the worker that has the objects. */
export const OBJECTS = "objects";

/**
 * `source` is a module in TypeScript, with imports from the root of the project: it exports the class, and what makes
 * calls of requests. `storage` keeps the objects over restarts; null keeps them in a temporary folder.
 */
export async function startTestObjects(options: {
  readonly source: string;
  readonly binding: string;
  readonly className: string;
  readonly storage: string | null;
}): Promise<Miniflare> {
  const { source, binding, className, storage } = options;
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: PROJECT_ROOT, loader: "ts" },
    bundle: true,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:workers"],
    write: false,
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      unsafeInspectDurableObjects: true,
      log: new Log(LogLevel.NONE),
      ...(storage === null ? {} : { resourcePersistencePath: storage }),
      workers: [
        {
          name: OBJECTS,
          compatibilityDate: "2026-10-01",
          modules: [{ type: "ESModule", path: "objects.mjs", contents: outputFiles[0]!.text }],
          durableObjects: { [binding]: { className, useSQLite: true } },
        },
      ],
    }),
  );
  await miniflare.ready;
  return miniflare;
}
