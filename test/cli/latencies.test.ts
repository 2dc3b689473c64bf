import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { createProgram } from "./program.ts";

const program = await createProgram();
after(() => program.remove());
const file = join(program.state, "latencies.json");
const nobody = ["infer", "--task", "embed", "--text", "Hello", "--region", "http://127.0.0.1:1", "--near"];

test("a damaged file is told and begun anew: it decides over nothing that must hold", async () => {
  await mkdir(program.state, { recursive: true });
  await writeFile(file, "{");
  const { stderr } = await program.run(...nobody);
  assert.match(stderr, /latencies\.json is damaged.*anew \[text_malformed\]/);
  assert.match(stderr, /\[regions_unreachable\]/);
});
