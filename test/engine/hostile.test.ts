// A model is a stranger's file: it may be wrong, but it may not make honest workers contradict each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts.ts";
import { decodeManifest, Executor, encodeManifest, loadModel, type Manifest } from "../../engine/index.ts";
import { createProgram } from "../../models/compile.ts";
import { readTfjsGraphModel } from "../../models/import/tfjs/graph-model.ts";
import { ANONYMOUS, emitProgram } from "../../models/manifest.ts";
import { concatBytes } from "../../protocol/bytes.ts";
import { digest, digestRaw } from "../../protocol/digest.ts";
import { packedBytes } from "../../wasm/packed.ts";
import { compileTiny } from "../models/compile-tiny.ts";
import { createTinySource, randomInput, TINY_RECIPE, TINY_SIDE } from "../models/tiny-model.ts";

const kernels = await readKernels();
const artifact = await compileTiny();
const honest = decodeManifest(artifact.manifest);
const honestWeights = concatBytes(...artifact.chunks);

/** Loads a manifest and weights as they are, with digests that fit them. */
async function load(change: (manifest: Manifest) => Manifest, weights = honestWeights) {
  const chunks = [{ digest: await digestRaw(weights), bytes: weights.length }];
  const manifest = encodeManifest(change({ ...honest, chunks }));
  return loadModel({
    kernels,
    isa: "simd128",
    manifest,
    model: await digest("manifest", manifest),
    openChunk: async () => new Blob([weights]).stream(),
  });
}

const withOp = (index: number, change: object) => (manifest: Manifest) => ({
  ...manifest,
  ops: manifest.ops.map((op, at) =>
    at === index ? { ...op, attributes: { ...op.attributes, ...change } } : op,
  ) as Manifest["ops"],
});
const withTensor = (index: number, change: object) => (manifest: Manifest) => ({
  ...manifest,
  tensors: manifest.tensors.map((tensor, at) => (at === index ? { ...tensor, ...change } : tensor)),
});

test("the harness loads the honest model", async () => {
  const { opCount } = await (await load((manifest) => manifest)).run({ inputs: [input], traceKey: null });
  assert.equal(opCount, planOf(honest));
});

function planOf(manifest: Manifest): number {
  return new Executor(kernels, "scalar", manifest).opCount;
}

const conv = honest.ops.findIndex(({ kind }) => kind === "conv");
const add = honest.ops.findIndex(({ kind }) => kind === "add");
const convOp = honest.ops[conv]!;
assert.ok(convOp.kind === "conv");
const convWeights = convOp.attributes.weights;

const refusals: [string, (manifest: Manifest) => Manifest][] = [
  ["weights shorter than the kernel reads", withOp(conv, { weights: { ...convWeights, bytes: 16 } })],
  ["a clamp that is no integer", withOp(conv, { min: -1.5 })],
  ["a clamp beyond int8", withOp(conv, { max: 4096 })],
  ["an activation that no kernel has", withOp(conv, { activation: 2 })],
  ["an activation of int8", withOp(conv, { activation: 1 })],
  ["a clamp upside down", withOp(conv, { min: 100, max: -100 })],
  ["a sum whose scales overflow", withTensor(honest.ops[add]!.outputs[0]!, { scale: 2 ** -120 })],
];
for (const [title, change] of refusals) {
  test(`refuses ${title}`, async () => {
    await assert.rejects(load(change), { code: "manifest_invalid" });
  });
}

for (const kind of ["conv", "dwconv"] as const) {
  test(`refuses ${kind} weights whose padding is not zero: it would let in what earlier runs left behind`, async () => {
    const op = honest.ops.find((candidate) => candidate.kind === kind)!;
    assert.ok(op.kind === kind);
    const weights = honestWeights.slice();
    // The panels of 27 inputs or 9 taps end in a pair whose second weight belongs to no input.
    const panel = packedBytes("qc8w", 8, kind === "conv" ? 27 : 9);
    weights[op.attributes.weights.offset + panel - 1] = 1;
    await assert.rejects(
      load((manifest) => manifest, weights),
      { code: "manifest_invalid", message: /padding/ },
    );
  });
}

test("refuses a model that takes longer than anyone waits", () => {
  const huge = honest.tensors.map((tensor, index) =>
    index < 2 ? { ...tensor, shape: [1, 512, 512, 8] } : tensor,
  );
  const pooled = { ...huge[1]!, shape: [1, 512, 512, 8] };
  const manifest: Manifest = {
    ...honest,
    tensors: [...huge, pooled],
    ops: [
      { kind: "convert", inputs: [0], outputs: [1], attributes: { scale: 1, bias: 0 } },
      {
        kind: "avgpool",
        inputs: [1],
        outputs: [huge.length],
        attributes: {
          kernel: [700, 700],
          strides: [1, 1],
          dilations: [1, 1],
          pads: [350, 350],
          min: -128,
          max: 127,
          padded: [],
        },
      },
    ],
    blocks: [1],
    outputs: [{ name: "output", tensor: huge.length }],
  };
  assert.throws(() => planOf(manifest), { code: "budget_exceeded" });
});

for (const [title, scale] of [
  ["zero", 0],
  ["negative", -1],
] as const) {
  test(`refuses a tensor whose scale is ${title}`, async () => {
    await assert.rejects(load(withTensor(1, { scale })), { code: "out_of_range" });
  });
}

for (const scale of [Number.NaN, Number.POSITIVE_INFINITY, -Number.MAX_VALUE, 1e30]) {
  test(`refuses packed weights with a scale of ${scale}`, async () => {
    const weights = honestWeights.slice();
    new DataView(weights.buffer).setFloat32(convWeights.offset + 32, scale, true);
    await assert.rejects(
      load((manifest) => manifest, weights),
      { code: "manifest_invalid" },
    );
  });
}

const input = { dtype: "u8", shape: [1, TINY_SIDE, TINY_SIDE, 3], data: randomInput(1) } as const;

test("a real model that overflows gives finite outputs, the same by scalar and SIMD kernels", () => {
  const source = createTinySource(({ weights }) => {
    const reals = new DataView(weights.buffer);
    for (let at = 0; at < weights.length; at += 4) {
      reals.setFloat32(at, reals.getFloat32(at, true) * 2 ** 60, true);
    }
  });
  const program = createProgram(readTfjsGraphModel(source), TINY_RECIPE, kernels);
  const { manifest, weights } = emitProgram(program, ANONYMOUS);
  const [scalar, simd] = (["scalar", "simd128"] as const).map((isa) => {
    const executor = new Executor(kernels, isa, manifest);
    executor.weights.set(weights);
    executor.tensor(manifest.inputs[0]!.tensor).set(input.data);
    const outputs: Uint8Array[] = [];
    executor.run((op) => outputs.push(executor.tensor(manifest.ops[op]!.outputs[0]!).slice()));
    return outputs;
  });
  assert.deepEqual(simd, scalar);
  const reals = new Float32Array(simd!.at(-1)!.slice().buffer);
  assert.ok(reals.every(Number.isFinite), `${reals}`);
});

test("gives no result where an output is not finite", async () => {
  const scale = Math.fround(3e38);
  const model = await load((manifest) => {
    const real = { ...manifest.tensors[1]!, dtype: "f32" as const, scale: 1, zeroPoint: 0 };
    return {
      ...manifest,
      tensors: [manifest.tensors[0]!, real],
      ops: [{ kind: "convert", inputs: [0], outputs: [1], attributes: { scale, bias: 0 } }],
      blocks: [0],
      outputs: [{ name: "output", tensor: 1 }],
      memory: { ...manifest.memory, arena: 1280 },
    };
  });
  await assert.rejects(model.run({ inputs: [input], traceKey: null }), { code: "output_not_finite" });
  assert.throws(() => model.execute([input]), { code: "output_not_finite" });
});
