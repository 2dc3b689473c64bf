import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findCases, readCase } from "../../cli/artifacts/cases.ts";
import { encodeModel, encodeTensor, FLOAT, f32 } from "../models/import/encode-onnx.ts";
import { createProgram, type Program } from "./program.ts";

let folder: string;
let program: Program;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "quorate-cases-"));
  program = await createProgram();
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
  await program.remove();
});

async function writeCase(name: string, op: string, expected: readonly number[]): Promise<void> {
  const data = join(folder, name, "test_data_set_0");
  await mkdir(data, { recursive: true });
  const inputs = [{ name: "x", type: FLOAT, shape: [2] }];
  const model = encodeModel({ inputs, nodes: [{ op, inputs: ["x"], outputs: ["y"] }], outputs: ["y"] });
  await writeFile(join(folder, name, "model.onnx"), model);
  await writeFile(join(data, "input_0.pb"), encodeTensor(f32("x", [2], [-1, 2])));
  await writeFile(join(data, "output_0.pb"), encodeTensor(f32("y", [2], expected)));
}

test("finds cases at any depth, and reads their files in the order of their numbers", async () => {
  await writeCase("one/deep/relu", "Relu", [0, 2]);
  await writeCase("one/neg", "Neg", [1, -2]);
  const data = join(folder, "one/neg/test_data_set_0");
  for (const index of [2, 10, 1]) await writeFile(join(data, `input_${index}.pb`), Uint8Array.of(index));
  await writeFile(join(data, "notes.txt"), "not a tensor");
  const found = await findCases(join(folder, "one"));
  assert.deepEqual(
    found.map(({ name }) => name),
    ["deep/relu", "neg"],
  );
  const { dataSets, external } = await readCase(found[1]!);
  assert.deepEqual(
    dataSets[0]?.inputs.slice(1).map(([byte]) => byte),
    [1, 2, 10],
  );
  assert.ok(typeof external === "function");
  assert.equal(external("w.bin"), undefined);
  assert.ok(external("model.onnx") !== undefined);
});

test("names the folder that cannot be read", async () => {
  await assert.rejects(findCases(join(folder, "nowhere")), {
    code: "file_unreadable",
    message: /nowhere: no such/,
  });
});

test("prints a line for each case, counts them, and exits with 1 where one failed", async () => {
  await writeCase("two/passing", "Relu", [0, 2]);
  await writeCase("two/refused", "StringNormalizer", [0, 2]);
  const good = await program.run("model", "check", join(folder, "two"));
  assert.equal(good.stdout, GOOD);
  assert.equal(good.status, 0);
  await writeCase("two/failing", "Relu", [0, 3]);
  const bad = await program.run("model", "check", join(folder, "two"), "--json");
  assert.equal(bad.status, 1);
  const { cases, ...counts } = JSON.parse(bad.stdout);
  assert.deepEqual(counts, { passed: 1, failed: 1, refused: 1 });
  assert.deepEqual(cases[0], {
    name: "failing",
    status: "failed",
    reason: "data set 0: output y: element 1 is 2, want 3",
  });
});

const GOOD = `passed  passing
refused refused: StringNormalizer (node StringNormalizer:y): it does not work on tensors alone [op_unsupported]
1 passed, 0 failed, 1 refused
`;

test("says that there is no case, and that a folder is missing", async () => {
  await mkdir(join(folder, "three"));
  const empty = await program.run("model", "check", join(folder, "three"));
  assert.match(empty.stderr, /there is no model.onnx in .*three or below; .*\[file_unreadable\]/);
  const missing = await program.run("model", "check");
  assert.match(missing.stderr, /DIR… is missing/);
});
