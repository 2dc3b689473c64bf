import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../../cli/artifacts/artifacts.ts";
import { createRunner } from "../../../engine/index.ts";
import { PLAIN_OUTPUT } from "../../../models/lower/ops.ts";
import { ANONYMOUS, emitProgram } from "../../../models/manifest.ts";
import { fuseActivations } from "../../../models/passes/activations.ts";
import { dropDead, type Program, ProgramBuilder } from "../../../models/program.ts";
import { quantizeDynamic } from "../../../models/quantize/dynamic.ts";
import { BINARY, UNARY } from "../../../wasm/operators.ts";
import { createRandom } from "../tiny-model.ts";

const CHANNELS = 16;
const IMAGE = [1, 6, 5, CHANNELS];
const PIXELS = IMAGE[1]! * IMAGE[2]!;
const kernels = await readKernels();
const random = createRandom(11);
const reals = (count: number) => Float32Array.from({ length: count }, () => 4 * random() - 2);

const WINDOW = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1] };
const layer = (inputs: number) => ({
  format: "f32" as const,
  outputs: CHANNELS,
  inputs,
  weights: reals(CHANNELS * inputs),
  bias: reals(CHANNELS),
});

/** A program over one image; `write` gives the tensors that are its outputs. */
function sketch(write: (builder: ProgramBuilder, input: number) => readonly number[]): Program {
  const builder = new ProgramBuilder();
  const input = builder.tensor("input", "f32", IMAGE);
  builder.inputs.push({ name: "input", tensor: input });
  for (const tensor of write(builder, input)) builder.outputs.push({ name: `output${tensor}`, tensor });
  return builder.finish();
}

function multiply(
  builder: ProgramBuilder,
  kind: "gemm" | "conv" | "dwconv",
  input: number,
  clamp = {},
): number {
  const output = builder.tensor(kind, "f32", IMAGE);
  const attributes = { ...PLAIN_OUTPUT, ...clamp };
  if (kind === "gemm")
    builder.op(kind, kind, [input], [output], { weights: layer(CHANNELS), format: 0, ...attributes });
  else
    builder.op(kind, kind, [input], [output], {
      weights: layer(kind === "conv" ? 9 * CHANNELS : 9),
      ...WINDOW,
      ...attributes,
    });
  return output;
}

function unary(builder: ProgramBuilder, name: (typeof UNARY)[number], input: number): number {
  const output = builder.tensor(name, "f32", builder.tensors[input]!.shape);
  builder.op("unary", name, [input], [output], { code: UNARY.indexOf(name), alpha: 0, beta: 0 });
  return output;
}

function addTo(builder: ProgramBuilder, input: number, values: readonly number[]): number {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  const constant = builder.constant("added", "f32", [values.length], bytes);
  const output = builder.tensor("sum", "f32", builder.tensors[input]!.shape);
  builder.op("binary", "sum", [constant, input], [output], { code: BINARY.indexOf("add") });
  return output;
}

/** Every output for a fixed image; 0 for −0, because adding an offset of 0 makes that of it. */
function run(program: Program): Float32Array[] {
  const runner = createRunner(kernels, "simd128", emitProgram(program, ANONYMOUS));
  const image = Float32Array.from({ length: PIXELS * CHANNELS }, (_, i) => (((i * 7919) % 251) - 125) / 32);
  runner.run([{ shape: runner.shape(program.inputs[0]!.tensor), data: new Uint8Array(image.buffer) }]);
  return program.outputs.map(({ tensor }) =>
    new Float32Array(runner.tensor(tensor).slice().buffer).map((value) => value + 0),
  );
}

const kindsOf = ({ ops }: Program) => ops.map(({ kind }) => kind);

const TAKEN: [string, (builder: ProgramBuilder, input: number) => number, number][] = [
  ["hard_swish behind a product", (b, x) => unary(b, "hard_swish", multiply(b, "gemm", x)), 1],
  ["hard_swish behind a convolution", (b, x) => unary(b, "hard_swish", multiply(b, "conv", x)), 1],
  [
    "hard_swish behind a clamp",
    (b, x) => unary(b, "hard_swish", multiply(b, "gemm", x, { min: -1, max: 2 })),
    1,
  ],
  [
    "hard_swish and a number behind a depthwise convolution",
    (b, x) => addTo(b, unary(b, "hard_swish", multiply(b, "dwconv", x)), [0.75]),
    1,
  ],
  [
    "one number of two, because the sum is rounded in between",
    (b, x) => addTo(b, addTo(b, unary(b, "hard_swish", multiply(b, "gemm", x)), [0.75]), [1e-3]),
    2,
  ],
  [
    "two layers, one behind the other",
    (b, x) => unary(b, "hard_swish", multiply(b, "dwconv", unary(b, "hard_swish", multiply(b, "gemm", x)))),
    2,
  ],
];
for (const [title, write, count] of TAKEN) {
  test(`takes in ${title}, and computes the same`, () => {
    const program = sketch((builder, input) => [write(builder, input)]);
    for (const given of [program, quantizeDynamic(program, new Set())]) {
      const fused = dropDead(fuseActivations(given)).program;
      assert.equal(fused.ops.length, count);
      assert.deepEqual(run(fused), run(dropDead(given).program));
    }
  });
}

const KEPT: [string, (builder: ProgramBuilder, input: number) => readonly number[]][] = [
  ["another activation", (b, x) => [unary(b, "silu", multiply(b, "gemm", x))]],
  ["a number without hard_swish", (b, x) => [addTo(b, multiply(b, "gemm", x), [1])]],
  ["hard_swish of an input", (b, x) => [unary(b, "hard_swish", x)]],
  [
    "hard_swish of a sum that somebody else reads",
    (b, x) => {
      const sum = multiply(b, "gemm", x);
      return [unary(b, "hard_swish", sum), sum];
    },
  ],
  [
    "hard_swish behind a reshape",
    (b, x) => [unary(b, "hard_swish", b.view(multiply(b, "gemm", x), [PIXELS * CHANNELS]))],
  ],
];
for (const [title, write] of KEPT) {
  test(`keeps ${title}`, () => {
    const program = sketch(write);
    assert.deepEqual(kindsOf(fuseActivations(program)), kindsOf(program));
  });
}

test("keeps numbers that differ from channel to channel", () => {
  const program = sketch((builder, input) => [
    addTo(builder, unary(builder, "hard_swish", multiply(builder, "gemm", input)), Array(CHANNELS).fill(0.5)),
  ]);
  assert.deepEqual(kindsOf(fuseActivations(program)), ["gemm", "binary"]);
});
