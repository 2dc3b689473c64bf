import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { FAMILIES, type Family, ISAS, KERNELS, kernelName } from "../../wasm/families.ts";
import { FIRST_FREE_BYTE } from "../../wasm/memory.ts";
import { paramsBytes, writeParams } from "../../wasm/params.ts";
import { kernelModule } from "../kernels/sandbox.ts";
import { createArena } from "../support/arena.ts";

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

test("the list names exactly the exports of the module", () => {
  const listed = new Set(FAMILIES.flatMap((family) => ISAS.map((isa) => kernelName(family, isa))));
  const exported = WebAssembly.Module.exports(kernelModule);
  assert.ok(exported.every((entry) => entry.kind === "function"));
  assert.deepEqual(exported.map((entry) => entry.name).sort(), [...listed].sort());
});

test("the module imports its memory and nothing else", () => {
  assert.deepEqual(WebAssembly.Module.imports(kernelModule), [
    { module: "env", name: "memory", kind: "memory" },
  ]);
});

test("digests.json holds the digest of the module", async () => {
  const bytes = await readFile(new URL("../../wasm/kernels.wasm", import.meta.url));
  const digest = createHash("sha256").update(bytes).digest("hex");
  assert.deepEqual(JSON.parse(await read("wasm/digests.json")), { "kernels.wasm": digest });
});

test("the module fits 100 KB", async () => {
  const bytes = await readFile(new URL("../../wasm/kernels.wasm", import.meta.url));
  assert.ok(bytes.length <= 100_000, `${bytes.length} bytes`);
});

/** Families that differ only in their element type share the folder that is named without it. */
const withoutType = (family: Family): string => family.replace(/^[a-z]+\d+_/, "");

/** The source that declares a family's block, which may be a sibling's. */
async function readParams(family: Family): Promise<string> {
  const source = await read(`kernels/${family}/params.ts`).catch(() =>
    read(`kernels/${withoutType(family)}/params.ts`),
  );
  const [, sibling] = /^export \{.*\} from "\.\.\/(\w+)\/params";$/m.exec(source) ?? [];
  return sibling === undefined ? source : read(`kernels/${sibling}/params.ts`);
}

for (const family of FAMILIES) {
  test(`the parameter block of ${family} has the same fields on both sides`, async () => {
    const source = await readParams(family);
    const declared = [...source.matchAll(/^ {2}(\w+): (i32|usize|f32);$/gm)].map(([, name, type]) => [
      name,
      type === "f32" ? "f32" : "i32",
    ]);
    assert.deepEqual(declared, Object.entries(KERNELS[family].fields));
    assert.equal(paramsBytes(family), 4 * declared.length);
  });
}

test("writeParams refuses what a 32-bit field cannot hold and names the field", () => {
  const view = new DataView(new ArrayBuffer(64));
  const values = { length: 1, input: 0, output: 0, scale: 1, bias: 0 };
  const write = (change: Partial<typeof values>) => () => {
    writeParams(view, 0, "u8_f32_convert", { ...values, ...change });
  };
  assert.doesNotThrow(write({}));
  for (const length of [1.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(write({ length }), { name: "RangeError", message: /u8_f32_convert: length/ });
  }
  assert.throws(write({ scale: Number.NaN }), { name: "RangeError", message: /scale/ });
});

test("writeParams writes the fields in order, little-endian", () => {
  const view = new DataView(new ArrayBuffer(64));
  const family: Family = "u8_f32_convert";
  writeParams(view, 8, family, { length: -2, input: 3, output: 4, scale: 1.5, bias: -0.25 });
  const words = [8, 12, 16, 20, 24].map((at) => view.getUint32(at, true));
  assert.deepEqual(words, [0xfffffffe, 3, 4, 0x3fc00000, 0xbe800000]);
  assert.equal(view.getUint32(28, true), 0);
});

test("an arena hands out disjoint 64-byte aligned ranges behind the first page and refuses what does not fit", () => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const arena = createArena(memory);
  const first = arena.allocate(5);
  const second = arena.allocate(0);
  const third = arena.allocate(33);
  assert.equal(first, FIRST_FREE_BYTE);
  assert.deepEqual([second - first, third - second, arena.end - third], [64, 0, 64]);
  assert.throws(() => arena.allocate(65536), { name: "RangeError", message: /65536 bytes do not fit/ });
  assert.equal(arena.allocate(65536 - 128) + 65536 - 128, memory.buffer.byteLength);
  for (const bad of [-1, 0.5, Number.NaN]) assert.throws(() => arena.allocate(bad), RangeError);
});

test("docs/kernels.md has a heading for each family, once, and for no other", async () => {
  const [, section = ""] = /^## Families\n([\s\S]*?)^## /m.exec(await read("docs/kernels.md")) ?? [];
  const headings = [...section.matchAll(/^### (.+)$/gm)].flatMap(([, names = ""]) => names.split(", "));
  assert.deepEqual(headings.sort(), [...FAMILIES].sort());
});

test("each family has its tests under its own name or, shared with its siblings, without the element type", async () => {
  const names = await readdir(new URL("../kernels/", import.meta.url));
  const stems = new Set(names.filter((name) => name.endsWith(".test.ts")).map((name) => name.slice(0, -8)));
  const stemOf = (family: Family): string => (stems.has(family) ? family : withoutType(family));
  assert.deepEqual([...new Set(FAMILIES.map(stemOf))].sort(), [...stems].sort());
});
