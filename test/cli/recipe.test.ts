// A model that is not in the catalogue, from its files to an answer.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { readCalibration } from "../../cli/artifacts/calibration.ts";
import { readRecipe } from "../../cli/artifacts/recipe.ts";
import { readSource } from "../../cli/artifacts/sources.ts";
import { loadModel } from "../../engine/index.ts";
import { compileModel } from "../../models/compile.ts";
import { encodeModel, encodeTensor, FLOAT, f32 } from "../models/import/encode-onnx.ts";
import { createProgram, lastLine, type Program } from "./program.ts";

let folder: string;
let program: Program;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "quorate-recipe-"));
  program = await createProgram();
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
  await program.remove();
});

/** y = x · 2 with the factor in a file beside the model, and one request. */
async function writeOnnx(name: string, quantization: string): Promise<string> {
  await mkdir(join(folder, name, "sample"), { recursive: true });
  const external = { location: "weights.bin" };
  const model = encodeModel({
    inputs: [{ name: "x", type: FLOAT, shape: ["rows", 2] }],
    initializers: [{ name: "w", type: FLOAT, dims: [2, 2], external }],
    nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
    outputs: ["y"],
  });
  await writeFile(join(folder, name, "model.onnx"), model);
  await writeFile(join(folder, name, "weights.bin"), new Uint8Array(Float32Array.of(2, 0, 0, 2).buffer));
  await writeFile(
    join(folder, name, "sample/input_0.pb"),
    encodeTensor(f32("x", [3, 2], [1, 2, 3, 4, 5, 6])),
  );
  return writeRecipe(name, {
    dimensions: { rows: { min: 1, max: 8 } },
    format: "onnx",
    files: ["model.onnx"],
    quantization,
    calibration: ["sample"],
  });
}

async function writeRecipe(name: string, fields: object): Promise<string> {
  const path = join(folder, name, "recipe.json");
  await writeFile(path, JSON.stringify({ name, licence: "MIT", ...fields }));
  return path;
}

async function compile(path: string) {
  const recipe = await readRecipe(path);
  const kernels = await readKernels();
  const calibration = await readCalibration(recipe);
  const source = await readSource(recipe);
  const {
    digest: model,
    manifest,
    chunks,
  } = await compileModel({
    recipe,
    ...source,
    kernels,
    calibration,
    files: new Map(),
    progress: () => {},
  });
  const openChunk = async (index: number) => new Blob([chunks[index]!]).stream();
  return loadModel({ kernels, isa: "simd128", manifest, model, openChunk });
}

const reals = (data: Uint8Array) => [...new Float32Array(data.slice().buffer)];

test("compiles an ONNX model with tensors in a file beside it, and asks it for other sizes", async () => {
  const model = await compile(await writeOnnx("doubling", "none"));
  assert.equal(model.manifest.task, null);
  assert.equal(model.manifest.source.package, null);
  const data = new Uint8Array(Float32Array.of(1.5, -3).buffer);
  const [output] = model.execute([{ dtype: "f32", shape: [1, 2], data }]);
  assert.deepEqual(reals(output!.data), [3, -6]);
});

test("the file beside the model counts for the digest of the source", async () => {
  const recipe = await readRecipe(await writeOnnx("counted", "none"));
  const { sourceDigest } = await readSource(recipe);
  await writeFile(join(folder, "counted/weights.bin"), new Uint8Array(Float32Array.of(3, 0, 0, 3).buffer));
  assert.notDeepEqual((await readSource(recipe)).sourceDigest, sourceDigest);
});

test("compiles a Keras model whose shards are named in its own file", async () => {
  await mkdir(join(folder, "keras/sample"), { recursive: true });
  const layers = [
    {
      class_name: "InputLayer",
      name: "x",
      config: { name: "x", batch_input_shape: [1, 2], dtype: "float32" },
    },
    {
      class_name: "Dense",
      name: "d",
      config: { name: "d", units: 1, activation: "linear", use_bias: false },
    },
  ];
  const weights = [{ name: "d/kernel", shape: [2, 1], dtype: "float32" }];
  const model = {
    format: "layers-model",
    modelTopology: { model_config: { class_name: "Sequential", config: { layers } } },
    weightsManifest: [{ paths: ["shard.bin"], weights }],
  };
  await writeFile(join(folder, "keras/model.json"), JSON.stringify(model));
  await writeFile(join(folder, "keras/shard.bin"), new Uint8Array(Float32Array.of(10, 1).buffer));
  const path = await writeRecipe("keras", { format: "tfjs", files: ["model.json"], quantization: "none" });
  const compiled = await compile(path);
  const data = new Uint8Array(Float32Array.of(2, 3).buffer);
  assert.deepEqual(reals(compiled.execute([{ dtype: "f32", shape: [1, 2], data }])[0]!.data), [23]);
});

test("builds, inspects and runs it from the command line", async () => {
  const path = await writeOnnx("recipe-test", "dynamic");
  const built = await program.run("model", "build", path, "--json");
  assert.equal(built.status, 0, built.stderr);
  const { models } = lastLine(built) as { models: { name: string; digest: string }[] };
  const inspected = lastLine(await program.run("model", "inspect", "recipe-test", "--json"));
  assert.equal(inspected.digest, models[0]!.digest);
  const sample = join(folder, "recipe-test/sample");
  const run = lastLine(await program.run("model", "run", "recipe-test", "--tensors", sample, "--json"));
  assert.deepEqual(run.outputs, [{ dtype: "f32", shape: [3, 2], data: [2, 4, 6, 8, 10, 12] }]);
  const shown = await program.run("model", "run", "recipe-test", "--tensors", sample);
  assert.match(shown.stdout, /^y {2}f32 \[3, 2\] {2}2\.00000 4\.00000 /);
  const asked = await program.run("infer", "--task", "embed", "--text", "a", "--model", "recipe-test");
  assert.match(asked.stderr, /model run recipe-test --tensors DIR \[option_invalid\]/);
});

test("says what is wrong with what it is given", async () => {
  const path = await writeOnnx("wrong", "none");
  await rm(join(folder, "wrong/weights.bin"));
  const missing = await program.run("model", "build", path);
  assert.match(missing.stderr, /weights\.bin.*\[source_missing\]/);
  await writeRecipe("wrong", {
    name: "ocr-detect",
    format: "onnx",
    files: ["model.onnx"],
    quantization: "none",
  });
  assert.match(
    (await program.run("model", "build", path)).stderr,
    /recipe\.json: .*taken.*\[recipe_invalid\]/,
  );
  const nothing = await program.run("model", "run", "no-such", "--tensors", folder);
  assert.match(nothing.stderr, /no model "no-such".*\[model_unknown\]/);
  const both = await program.run("model", "run", "embed-use-lite", "--tensors", folder, "--text", "a");
  assert.match(both.stderr, /\[option_invalid\]/);
  const empty = await program.run("model", "run", "embed-use-lite", "--tensors", folder);
  assert.match(empty.stderr, /no input_0\.pb in .*\[file_unreadable\]/);
});
