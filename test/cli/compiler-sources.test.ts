import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { COMPILER_SOURCES } from "../../cli/artifacts/compiler-sources.ts";
import { ROOT } from "./program.ts";

test("every source that an artifact's bytes may depend on is among those that make it stale", async () => {
  const entryPoints = ["models/compile.ts", "cli/artifacts/calibration.ts", "cli/artifacts/sources.ts"];
  const { metafile } = await build({
    entryPoints: entryPoints.map((file) => join(ROOT, file)),
    absWorkingDir: ROOT,
    bundle: true,
    metafile: true,
    write: false,
    outdir: "out",
    format: "esm",
    platform: "node",
    packages: "external",
  });
  const listed = new Set(globSync(COMPILER_SOURCES, { cwd: ROOT }));
  const missing = Object.keys(metafile.inputs).filter((file) => !listed.has(file));
  assert.deepEqual(missing, []);
  assert.ok(Object.keys(metafile.inputs).length > 100);
});
