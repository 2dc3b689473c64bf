// The house of docs/architecture.md: who may import whom, and where the platform may appear.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folder → folders and packages that it may import, besides itself. */
const ALLOWED = readTable();

function readTable(): Readonly<Record<string, readonly string[]>> {
  const rows = readFileSync(join(root, "docs/architecture.md"), "utf8").matchAll(
    /^\| `([a-z-]+)` \| (.*) ?\|$/gm,
  );
  const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
  return Object.fromEntries([...rows].map(([, folder, cell]) => [folder!, names(cell!)]));
}

/** Files in which modules of a platform may appear. */
const PLATFORM = /^(workers\/adapters|durable-objects|cli|test|bench)\/|^(wasm|web\/verifier)\/build\.ts$/;
const IS_PLATFORM = /^(node|cloudflare|bun):/;

/** `import … from "x"`, `export … from "x"`, `import "x"` and `import("x")`, as the formatter leaves them. */
const IMPORT = /^(?:import|export) [^;"]*?from "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

interface Import {
  readonly file: string;
  readonly target: string;
}

function readImports(folder: string): Import[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root }).flatMap((file) => {
    const source = readFileSync(join(root, file), "utf8");
    const matches = source.matchAll(IMPORT);
    return [...matches].map((match) => ({ file, target: (match[1] ?? match[2] ?? match[3])! }));
  });
}

/** The folder that a relative import ends in, or the package that another one names. */
function resolve({ file, target }: Import): string {
  if (target.startsWith(".")) return normalize(join(dirname(file), target)).split("/")[0]!;
  const [scope = "", name = ""] = target.split("/");
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

for (const [folder, allowed] of Object.entries(ALLOWED)) {
  test(`${folder} imports nothing but ${allowed.join(", ") || "itself"}`, () => {
    const imports = readImports(folder);
    assert.ok(imports.length > 0, `no import found in ${folder}: is the pattern still right?`);
    const wrong = imports.filter((found) => {
      if (IS_PLATFORM.test(found.target)) return !PLATFORM.test(found.file);
      const target = resolve(found);
      // The build script drives the compiler; it is no part of what it builds.
      if (found.file === "wasm/build.ts" && target === "assemblyscript") return false;
      return target !== folder && !allowed.includes(target);
    });
    assert.deepEqual(wrong, []);
  });
}

test("nothing imports workers, cli, web, test or bench but tests and benchmarks", () => {
  const forbidden = ["workers", "cli", "web", "test", "bench"];
  const wrong = Object.keys(ALLOWED)
    .flatMap(readImports)
    .filter((found) => {
      const target = resolve(found);
      return forbidden.includes(target) && target !== found.file.split("/")[0];
    });
  assert.deepEqual(wrong, []);
});

test("only the adapters for Cloudflare import the durable objects", () => {
  const users = readImports("workers").filter((found) => resolve(found) === "durable-objects");
  const adapters = ["-cast", "-region", "-worker", ""].map((name) => `workers/adapters/cloudflare${name}.ts`);
  assert.deepEqual([...new Set(users.map(({ file }) => file))].sort(), adapters.sort());
});

test("every folder of code has its rule", () => {
  const folders = new Set(
    globSync("*/**/*.ts", { cwd: root, exclude: ["node_modules/**", ".quorate/**"] }).map(
      (file) => file.split("/")[0]!,
    ),
  );
  assert.deepEqual(
    [...folders].filter((folder) => !(folder in ALLOWED) && folder !== "test" && folder !== "bench"),
    [],
  );
});
