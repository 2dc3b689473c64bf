// Compiles kernels/ into wasm/kernels.wasm and writes its SHA-256 to wasm/digests.json.
//   node wasm/build.ts           build
//   node wasm/build.ts --check   build aside and compare bytes with what is committed; exit 1 on a difference
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODULE = join(ROOT, "wasm", "kernels.wasm");
const DIGESTS = join(ROOT, "wasm", "digests.json");

/**
 * No runtime, no assertions, memory imported, nothing exported but kernels: the module imports env.memory only.
 * -O2 and no --converge: what they add reorders the inner loops so that V8 spills (kernels/qs8_qc8w_gemm/block.ts).
 */
const FLAGS = [
  ...[
    "--runtime",
    "stub",
    "--importMemory",
    "--noExportMemory",
    "--initialMemory",
    "1",
    "--memoryBase",
    "1024",
  ],
  ...["-O2", "--noAssert", "--enable", "simd", "--use", "abort="],
];

/** Compiles AssemblyScript (a path below the root) to WebAssembly bytes; throws with the compiler's messages. */
export async function compile(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await mkdtemp(join(tmpdir(), "quorate-asc-"));
  const outFile = join(folder, "module.wasm");
  try {
    // The base directory is fixed, so the bytes do not depend on where the command was started.
    const { error, stderr } = await main([entry, "--baseDir", ROOT, "--outFile", outFile, ...FLAGS]);
    if (error !== null) throw new Error(`asc failed on ${entry}: ${error.message}\n${stderr.toString()}`);
    return new Uint8Array(await readFile(outFile));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function formatDigests(module: Uint8Array): string {
  const digest = createHash("sha256").update(module).digest("hex");
  return `${JSON.stringify({ "kernels.wasm": digest }, null, 2)}\n`;
}

/** Whole or not at all, and only if it changes: another process may be reading it. */
async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const known = await readFile(path).catch(() => null);
  if (known !== null && Buffer.compare(known, Buffer.from(content)) === 0) return;
  await writeFile(`${path}.partial`, content);
  await rename(`${path}.partial`, path);
}

async function build(check: boolean): Promise<void> {
  const module = await compile("kernels/index.ts");
  const digests = formatDigests(module);
  if (!check) {
    await replaceFile(MODULE, module);
    await replaceFile(DIGESTS, digests);
    console.log(`wasm/kernels.wasm: ${module.length} bytes`);
    return;
  }
  const sameModule = Buffer.compare(await readFile(MODULE), module) === 0;
  const sameDigests = (await readFile(DIGESTS, "utf8")) === digests;
  if (sameModule && sameDigests) {
    console.log(`wasm/kernels.wasm: reproduced, ${module.length} bytes`);
    return;
  }
  const stale = sameModule ? "wasm/digests.json" : "wasm/kernels.wasm";
  console.error(`${stale} differs from what kernels/ compiles to; run: node wasm/build.ts`);
  process.exitCode = 1;
}

if (import.meta.main) await build(process.argv.includes("--check"));
