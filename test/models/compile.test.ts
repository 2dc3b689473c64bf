import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { createRunner, decodeManifest } from "../../engine/index.ts";
import { createProgram } from "../../models/compile.ts";
import { readTfjsGraphModel } from "../../models/import/tfjs/graph-model.ts";
import { ANONYMOUS, emitProgram } from "../../models/manifest.ts";
import { observe } from "../../models/quantize/statistics.ts";
import { concatBytes, formatHex } from "../../protocol/bytes.ts";
import { compileTiny } from "./compile-tiny.ts";
import { createTinySource, randomInput, TINY_RECIPE, tinyRequest } from "./tiny-model.ts";

const run = promisify(execFile);

test("compiles the same source to the same digest twice", async () => {
  const first = await compileTiny();
  const second = await compileTiny();
  assert.equal(formatHex(first.digest), formatHex(second.digest));
});

for (const [runtime, binary, options] of [
  ["Deno", "@deno/linux-x64-glibc/deno", ["run", "--allow-read", "--no-lock"]],
  ["Bun", "@oven/bun-linux-x64/bin/bun", ["run"]],
] as const) {
  test(`compiles to the same digest on ${runtime} as on Node`, async () => {
    const path = fileURLToPath(new URL(`../../node_modules/${binary}`, import.meta.url));
    const script = fileURLToPath(new URL("compile-tiny.ts", import.meta.url));
    const { stdout } = await run(path, [...options, script, "--print"]);
    assert.equal(stdout.trim(), formatHex((await compileTiny()).digest));
  });
}

test("another calibration picture gives another digest", async () => {
  const changed = await compileTiny({ calibration: [randomInput(1), randomInput(2), randomInput(99)] });
  assert.notEqual(formatHex(changed.digest), formatHex((await compileTiny()).digest));
});

test("the int8 model stays close to the float model on inputs that calibration did not see", async () => {
  const artifact = await compileTiny();
  const kernels = await readKernels();
  const runner = createRunner(kernels, "scalar", {
    manifest: decodeManifest(artifact.manifest),
    weights: concatBytes(...artifact.chunks),
  });
  const program = createProgram(readTfjsGraphModel(createTinySource()), TINY_RECIPE, kernels);
  const reference = createRunner(kernels, "simd128", emitProgram(program, ANONYMOUS));
  for (let seed = 100; seed < 120; seed++) {
    const input = randomInput(seed);
    runner.run(tinyRequest(input));
    const output = runner.tensor(runner.manifest.outputs[0]!.tensor);
    const actual = new Float32Array(output.slice().buffer);
    let expected = new Float32Array();
    observe(reference, tinyRequest(input), (tensor, data) => {
      if (tensor === program.outputs[0]!.tensor) expected = data.slice();
    });
    assert.equal(expected.length, 5);
    for (const [index, want] of expected.entries()) {
      assert.ok(Math.abs(actual[index]! - want) < 0.03, `seed ${seed}: ${actual} for ${expected}`);
    }
  }
});

test("reports a signal-to-noise ratio for every layer", async () => {
  const manifest = decodeManifest((await compileTiny()).manifest);
  assert.deepEqual(
    manifest.report.map((layer) => layer.name),
    [
      "centre",
      "stem/Clip",
      "depthwise/Clip",
      "narrow/Conv",
      "residual:turned",
      "pool/AveragePool",
      "logits",
      "probabilities",
    ],
  );
  for (const { name, signalToNoise } of manifest.report)
    assert.ok(signalToNoise > 100, `${name}: ${signalToNoise}`);
});

for (const [title, calibration] of [
  ["no calibration inputs", []],
  ["a calibration input of another size", [new Uint8Array(12)]],
] as const) {
  test(`refuses ${title}`, async () => {
    await assert.rejects(compileTiny({ calibration }), { code: "calibration_invalid" });
  });
}
