import assert from "node:assert/strict";
import { test } from "node:test";
import { quantizeDynamic } from "../../models/quantize/dynamic.ts";
import { createRandom } from "../kernels/random.ts";
import { f32, INT32, type TensorSpec, u8 } from "./import/encode-onnx.ts";
import { assertRival, MICROSOFT, type RivalCase, type RivalInput, testRival, weights } from "./rival.ts";

const x = (...shape: number[]): RivalInput => ({ name: "x", shape });
const input = (name: string, ...shape: number[]): RivalInput => ({ name, shape });
const tokens = (name: string, shape: readonly number[], values: readonly number[]): RivalInput => ({
  name,
  type: INT32,
  shape,
  values,
});
type Extra = Pick<RivalCase, "attributes" | "outputs"> & object;
const contrib = (
  op: string,
  title: string,
  inputs: RivalCase["inputs"],
  attributes: Extra["attributes"] = {},
) => ({
  title: `${op}${title}`,
  domain: MICROSOFT,
  op,
  inputs,
  attributes,
});
const onnx = (
  op: string,
  title: string,
  inputs: RivalCase["inputs"],
  attributes: Extra["attributes"] = {},
) => ({
  title: `${op}${title}`,
  op,
  inputs,
  attributes,
});

const small = (name: string, ...shape: number[]): RivalInput => ({
  name,
  shape,
  values: Array.from({ length: shape.reduce((a, b) => a * b) }, (_, at) => ((at * 37) % 11) / 1e4),
});

/** Embeddings of 7 words, 5 places and 2 segments. */
const embedding = (ids: RivalCase["inputs"]): RivalCase["inputs"] => [
  tokens("words", [2, 4], [0, 6, 3, 3, 5, 1, 2, 0]),
  ids[0] ?? "",
  weights("w", 7, 6),
  weights("p", 5, 6),
  ids[0] ? weights("s", 2, 6) : "",
  weights("gamma", 6),
  weights("beta", 6),
  ...ids.slice(1),
];
const segments = tokens("segments", [2, 4], [0, 0, 1, 1, 0, 1, 1, 1]);
const mask = tokens("mask", [2, 4], [1, 1, 1, 0, 1, 1, 0, 0]);

const cases: readonly RivalCase[] = [
  contrib("Gelu", "", [x(3, 40)]),
  contrib("BiasGelu", "", [x(2, 3, 8), weights("b", 8)]),
  contrib("FastGelu", "", [x(3, 40)]),
  contrib("FastGelu", " of a sum", [x(2, 3, 8), weights("b", 8)]),
  contrib("QuickGelu", "", [x(3, 40)]),
  contrib("QuickGelu", " of another slope", [x(3, 40)], { alpha: 0.7 }),
  ...[0, 1].flatMap((transA) =>
    [0, 1].flatMap((transB) => [
      contrib(
        "FusedMatMul",
        ` of ${transA} and ${transB}`,
        [x(2, 3, ...(transA === 1 ? [5, 4] : [4, 5])), input("w", 3, ...(transB === 1 ? [6, 5] : [5, 6]))],
        { transA, transB, alpha: 0.3 },
      ),
      contrib(
        "FusedMatMul",
        ` of ${transA} and ${transB} with the batch inside`,
        [
          x(...(transA === 1 ? [5, 2, 3, 4] : [4, 2, 3, 5])),
          input("w", ...(transB === 1 ? [6, 2, 3, 5] : [5, 2, 3, 6])),
        ],
        { transA, transB, transBatchA: 1, transBatchB: 1 },
      ),
      contrib(
        "FusedMatMul",
        ` of ${transA} and ${transB} and weights`,
        [x(3, ...(transA === 1 ? [5, 4] : [4, 5])), weights("w", ...(transB === 1 ? [6, 5] : [5, 6]))],
        { transA, transB, alpha: 0.3 },
      ),
    ]),
  ),
  contrib("FusedGemm", " with relu", [x(3, 5), weights("w", 5, 6), weights("c", 6)], { activation: "Relu" }),
  contrib("FusedGemm", " with leaky relu", [x(3, 5), weights("w", 6, 5), weights("c", 6)], {
    transB: 1,
    activation: "LeakyRelu",
    activation_alpha: 0.3,
  }),
  ...[
    ["Relu", []],
    ["Tanh", []],
    ["Sigmoid", []],
    ["LeakyRelu", [0.3]],
    ["Clip", [-0.2, 0.4]],
    ["HardSigmoid", [0.3, 0.4]],
  ].map(([activation, activation_params]) =>
    contrib("FusedConv", ` with ${activation}`, [x(2, 4, 7, 9), weights("w", 6, 4, 3, 3), weights("b", 6)], {
      activation: activation as string,
      activation_params: activation_params as number[],
      pads: [1, 1, 1, 1],
    }),
  ),
  contrib(
    "FusedConv",
    " with a sum",
    [x(2, 4, 7, 9), weights("w", 6, 4, 1, 1), weights("b", 6), input("z", 2, 6, 7, 9)],
    { activation: "Relu" },
  ),
  contrib("SkipLayerNormalization", "", [
    x(2, 5, 8),
    input("skip", 2, 5, 8),
    weights("g", 8),
    weights("b", 8),
  ]),
  {
    ...contrib(
      "SkipLayerNormalization",
      " with a bias and its sum",
      [x(2, 5, 8), input("skip", 2, 5, 8), weights("g", 8), weights("b", 8), weights("bias", 8)],
      { epsilon: 0.01 },
    ),
    outputs: ["y", "", "", "sum"],
  },
  contrib("SkipLayerNormalization", " with one skip for all", [
    x(2, 5, 8),
    input("skip", 5, 8),
    weights("g", 8),
  ]),
  contrib("SkipSimplifiedLayerNormalization", "", [x(2, 5, 8), input("skip", 2, 5, 8), weights("g", 8)]),
  contrib("SkipSimplifiedLayerNormalization", " with a bias", [
    x(2, 5, 8),
    input("skip", 2, 5, 8),
    weights("g", 8),
    weights("bias", 8),
  ]),
  // Of variances below 1e-5, so that the default of epsilon shows.
  ...(["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"] as const).map((op) =>
    contrib(op, " of small numbers", [small("x", 2, 5, 8), small("skip", 2, 5, 8), weights("g", 8)]),
  ),
  onnx("SimplifiedLayerNormalization", "", [x(2, 5, 8), weights("g", 8)], { epsilon: 0.001 }),
  onnx("RMSNormalization", "", [x(2, 5, 8), weights("g", 8)], { epsilon: 0.001 }),
  { ...contrib("EmbedLayerNormalization", "", embedding([segments])), outputs: 2 },
  { ...contrib("EmbedLayerNormalization", " without segments", embedding([])), outputs: 2 },
  { ...contrib("EmbedLayerNormalization", " with a mask", embedding([segments, mask])), outputs: 3 },
  {
    ...contrib("EmbedLayerNormalization", " of sizes that the request decides", [
      { ...tokens("words", [2, 4], [0, 6, 3, 3, 5, 1, 2, 0]), declared: ["batch", "tokens"] },
      "",
      weights("w", 7, 6),
      weights("p", 9, 6),
      "",
      weights("gamma", 6),
      weights("beta", 6),
      { ...mask, declared: ["batch", "tokens"] },
    ]),
    outputs: 2,
  },
  {
    ...contrib(
      "EmbedLayerNormalization",
      " with places",
      embedding([segments, "", tokens("places", [2, 4], [0, 4, 1, 2, 3, 3, 2, 0])]),
    ),
    outputs: 2,
  },
  ...[1, -1, 0].map((axis) => onnx("Hardmax", ` of axis ${axis}`, [x(3, 4, 5)], { axis })),
  onnx("Hardmax", " of equal values", [{ ...x(2, 3), values: [1, 1, 0, 0, 2, 2] }]),
];

for (const each of cases) testRival(each);

const random = createRandom(4);

/** A product with weights of `bits` in blocks; how its weights are kept, also when the model is quantized. */
async function multiplyBlocks(
  [inputs, outputs, block]: readonly [number, number, number],
  bits: 4 | 8,
  extra: readonly (TensorSpec | "")[] = [],
): Promise<string> {
  const blocks = Math.ceil(inputs / block);
  const bytes = [...random.uint8((outputs * blocks * block * bits) / 8)];
  const scales = [...random.float32(outputs * blocks, -0.1, 0.1)];
  const initializers = [
    u8("w", [outputs, blocks, (block * bits) / 8], bytes),
    f32("scales", [outputs * blocks], scales),
    ...extra,
  ];
  const node = {
    op: "MatMulNBits",
    domain: MICROSOFT,
    inputs: ["x", ...initializers.map((each) => (each === "" ? "" : each.name!))],
    outputs: ["y"],
    attributes: {
      K: { int: inputs },
      N: { int: outputs },
      bits: { int: bits },
      block_size: { int: block },
    },
  };
  const model = {
    domains: { [MICROSOFT]: 1 },
    nodes: [node],
    outputs: ["y"],
    initializers: initializers.filter((each) => each !== ""),
  };
  const program = await assertRival(model, [x(2, 3, inputs)]);
  const [layer] = program.ops;
  const [quantized] = quantizeDynamic(program, new Set()).ops;
  assert.ok(layer?.kind === "gemm" && quantized?.kind === "gemm");
  const { format } = layer.attributes.weights;
  assert.equal(quantized.attributes.weights.format, format === "f32" ? "qd8w" : format);
  return format;
}

for (const block of [16, 32, 64, 128]) {
  for (const bits of [4, 8] as const) {
    test(`MatMulNBits of ${bits} bits in blocks of ${block} is what onnxruntime-web computes`, async () => {
      const format = bits === 4 && block >= 32 ? "qb4w" : "f32";
      assert.equal(await multiplyBlocks([256, 20, block], bits), format);
      const zeroPoints = [...random.uint8(20 * Math.ceil(((256 / block) * bits) / 8))];
      const shifted = [u8("z", [zeroPoints.length], zeroPoints)];
      assert.equal(await multiplyBlocks([256, 20, block], bits, shifted), format);
    });
  }
}

test("MatMulNBits takes inputs that fill no block, zero points of an odd number of blocks, and a bias", async () => {
  await multiplyBlocks([80, 9, 32], 4, [u8("z", [18], [...random.uint8(18)]), "", weights("b", 9)]);
  await multiplyBlocks([72, 9, 64], 4);
});

test("MatMulNBits takes real zero points", async () => {
  const zeroPoints = f32("z", [16], [...random.float32(16, 0, 15)]);
  assert.equal(await multiplyBlocks([64, 8, 32], 4, [zeroPoints]), "f32");
});
