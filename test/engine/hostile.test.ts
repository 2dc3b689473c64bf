// A model is a stranger's file: it may be wrong, but it may not make honest workers contradict each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import {
  createRunner,
  type Dimension,
  decodeManifest,
  type ElementType,
  encodeManifest,
  loadModel,
  type Manifest,
  type OperationKind,
  planMemory,
  type TensorSpec,
} from "../../engine/index.ts";
import { createProgram } from "../../models/compile.ts";
import { readTfjsGraphModel } from "../../models/import/tfjs/graph-model.ts";
import { ANONYMOUS, emitProgram } from "../../models/manifest.ts";
import { concatBytes } from "../../protocol/bytes.ts";
import { digest, digestRaw } from "../../protocol/digest.ts";
import { packedBytes } from "../../wasm/packed.ts";
import { compileTiny } from "../models/compile-tiny.ts";
import { createTinySource, randomInput, TINY_RECIPE, TINY_SIDE } from "../models/tiny-model.ts";
import { CASES, type Case, complete, inputOf, manifestOf } from "./cases.ts";

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
  const { opCount } = await (await load((manifest) => manifest)).run({ inputs: [input] });
  assert.equal(opCount, planMemory(honest).opCount);
});

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
  assert.throws(() => planMemory(manifest), { code: "budget_exceeded" });
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
  const model = emitProgram(program, ANONYMOUS);
  const [scalar, simd] = (["scalar", "simd128"] as const).map((isa) => {
    const runner = createRunner(kernels, isa, model);
    const outputs: Uint8Array[] = [];
    runner.run([input], (op) => {
      for (const output of model.manifest.ops[op]?.outputs ?? []) outputs.push(runner.tensor(output).slice());
    });
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
  await assert.rejects(model.run({ inputs: [input] }), { code: "output_not_finite" });
  assert.throws(() => model.execute([input]), { code: "output_not_finite" });
});

const LARGE = 2 ** 31 - 1;
const tensor = (dtype: ElementType, ...shape: Dimension[]): TensorSpec => ({
  ...{ dtype, shape, scale: 1, zeroPoint: 0, storage: null },
});

test("refuses a shape whose sizes beside a zero count more rounds than any loop may have", () => {
  const inputs = [tensor("f32", LARGE, 1, 0), tensor("i32", 1 << 20)];
  const outputs = [tensor("f32", LARGE, 1 << 20, 0)];
  assert.throws(() => planMemory(manifestOf("gather", { inputs, outputs, attributes: { axis: 1 } })), {
    code: "manifest_invalid",
    message: /larger than 2147483647 elements/,
  });
});

test("goes through no axis of an output that is empty", () => {
  const manifest = complete(
    manifestOf("transpose", {
      inputs: [tensor("f32", LARGE, 0)],
      outputs: [tensor("f32", 0, LARGE)],
      attributes: { permutation: [1, 0] },
    }),
  );
  for (const isa of ["scalar", "simd128"] as const) {
    const runner = createRunner(kernels, isa, { manifest, weights: new Uint8Array() });
    runner.run([inputOf(manifest.tensors[0]!)]);
    assert.equal(runner.opCount, 1);
  }
});

const counted: [string, OperationKind, Case, number][] = [
  ["updates", "scatter_nd", CASES.scatter_nd[0]!, 6 + 8],
  ["updates along an axis", "scatter_elements", CASES.scatter_elements[0]!, 6 + 4],
  [
    "sums of nothing",
    "matmul",
    {
      inputs: [tensor("f32", 3, 0), tensor("f32", 0, 5)],
      outputs: [tensor("f32", 3, 5)],
      attributes: { alpha: 1, aOrder: [0, 1], bOrder: [0, 1] },
    },
    15,
  ],
  [
    "windows over images without channels",
    "conv",
    {
      inputs: [tensor("f32", 1, 4, 4, 0)],
      outputs: [tensor("f32", 1, 4, 4, 2)],
      attributes: {
        weights: { offset: 0, bytes: packedBytes("f32", 2, 0) },
        ...{ kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1] },
        ...{ min: -1, max: 1, activation: 0, offset: 0 },
      },
    },
    32 * 9,
  ],
];
for (const [title, kind, each, opCount] of counted) {
  test(`the budget counts ${title}`, () => {
    assert.equal(planMemory(manifestOf(kind, each)).opCount, opCount);
  });
}

test("stops listing kernel calls once they would not fit into memory", () => {
  const batches = [1024, 1, 1, 1, 1];
  const product = manifestOf("matmul", {
    inputs: [tensor("f32", ...batches), tensor("f32", ...batches)],
    outputs: [tensor("f32", ...batches)],
    attributes: { alpha: 1, aOrder: [0, 1, 2, 3, 4], bOrder: [0, 1, 2, 3, 4] },
  });
  const [op] = product.ops;
  const [output] = product.tensors.slice(2);
  const ops = Array.from({ length: 16_000 }, (_, index) => ({ ...op!, outputs: [2 + index] }));
  const tensors = [...product.tensors.slice(0, 2), ...ops.map(() => output!)];
  assert.throws(() => planMemory({ ...product, ops, tensors }), { code: "memory_exhausted" });
});

test("refuses weights whose layout the sizes of a request decide", () => {
  // At s = 2 and at s = 32 the same bytes: 4 panels of 2 inputs, and one of 32.
  const [s, rest] = [[0], [1]] as const;
  const manifest = manifestOf("gemm", {
    inputs: [{ ...tensor("qs8", 1, s) }],
    outputs: [{ ...tensor("qs8", 1, rest) }],
    attributes: {
      weights: { offset: 0, bytes: packedBytes("qc8w", 2, 32) },
      ...{ format: 0, min: -1, max: 1, activation: 0, offset: 0 },
    },
  });
  const whole = complete({
    ...manifest,
    symbols: [{ name: "s", min: 2, max: 32 }],
    dimensions: [
      { op: "symbol", operands: [0] },
      { op: "div", operands: [64, s] },
    ],
  });
  const weights = new Uint8Array(whole.memory.weights);
  assert.throws(() => createRunner(kernels, "scalar", { manifest: whole, weights }), {
    code: "manifest_invalid",
    message: /sizes must not decide the layout/,
  });
});

test("refuses a number that a kernel's parameter cannot hold", () => {
  const inputs = [tensor("i64", 1, 1 << 28), tensor("i32", 1)];
  const gather = manifestOf("gather", {
    inputs,
    outputs: [tensor("i64", 1, 1 << 28)],
    attributes: { axis: 0 },
  });
  assert.throws(() => planMemory(gather), {
    code: "manifest_invalid",
    message: /blockBytes must be a 32-bit integer/,
  });
});

for (const [dtype, other] of [
  ["f32", "i32"],
  ["bool", "u8"],
  ["u8", "bool"],
] as const) {
  test(`refuses a tensor of ${dtype} with the bytes of one of ${other}: their values were not checked for it`, () => {
    const manifest = manifestOf("fill", {
      inputs: [],
      outputs: [tensor(other, 4)],
      attributes: { low: 0, high: 0 },
    });
    const tensors = [...manifest.tensors, { ...tensor(dtype, 4), storage: 0 }];
    const outputs = [{ name: "output", tensor: 1 }];
    assert.throws(() => planMemory({ ...manifest, tensors, outputs }), { code: "manifest_invalid" });
  });
}

test("a refusal names the operation, what is there and what is wanted", () => {
  const [honest] = CASES.gather;
  const [values] = honest!.inputs;
  const gather = manifestOf("gather", { ...honest!, inputs: [values!, tensor("f32", 4)] });
  assert.throws(() => planMemory(gather), {
    message: "case: operation 0 (gather): type of input 1 is f32, want i32 or i64",
  });
});

test("a host without memory for a request says so", () => {
  const size = { name: "n", min: 1, max: 1 << 22 };
  const manifest = complete({
    ...manifestOf("unary", {
      inputs: [tensor("f32", [0])],
      outputs: [tensor("f32", [0])],
      attributes: { code: 0, alpha: 0, beta: 0 },
    }),
    symbols: [size],
    dimensions: [{ op: "symbol", operands: [0] }],
  });
  const runner = createRunner(kernels, "scalar", { manifest, weights: new Uint8Array() });
  setFlagsFromString("--wasm-max-mem-pages=64");
  assert.throws(() => runner.prepare([[1 << 22]]), { code: "memory_exhausted", message: /host/ });
  setFlagsFromString("--wasm-max-mem-pages=65536");
  runner.prepare([[1 << 22]]);
});
