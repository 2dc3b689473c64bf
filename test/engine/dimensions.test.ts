// Sizes that a request decides: symbols are bound by the shapes of the inputs, everything else follows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { createRunner, type Runner } from "../../engine/index.ts";
import type { Graph } from "../../models/graph.ts";
import { lowerGraph } from "../../models/lower/lower.ts";
import { ANONYMOUS, emitProgram } from "../../models/manifest.ts";

const kernels = await readKernels();

/** (batch, width) and (width) → their sum, doubled along the width. */
const graph: Graph = {
  inputs: [
    { name: "x", dtype: "f32", shape: ["batch", "width"] },
    { name: "y", dtype: "f32", shape: ["width"] },
  ],
  outputs: ["doubled"],
  constants: new Map(),
  nodes: [
    { name: "sum", domain: "", op: "Add", inputs: ["x", "y"], outputs: ["sum"], attributes: new Map() },
    {
      name: "doubled",
      domain: "",
      op: "Concat",
      inputs: ["sum", "sum"],
      outputs: ["doubled"],
      attributes: new Map([["axis", 1]]),
    },
  ],
};

function createSum(width = { min: 4, max: 64, multiple: 4 }): Runner {
  const program = lowerGraph(graph, {
    dimensions: { batch: { min: 1, max: 3, multiple: 1 }, width },
    bytes: {},
    evaluate: () => null,
  });
  return createRunner(kernels, "simd128", emitProgram(program, ANONYMOUS));
}

function run(runner: Runner, x: number[][], y: number[]): { shape: readonly number[]; data: number[] } {
  const { outputs } = runner.manifest;
  runner.run([
    { shape: [x.length, y.length], data: new Uint8Array(Float32Array.from(x.flat()).buffer) },
    { shape: [y.length], data: new Uint8Array(Float32Array.from(y).buffer) },
  ]);
  const bytes = runner.tensor(outputs[0]!.tensor).slice();
  return { shape: runner.shape(outputs[0]!.tensor), data: [...new Float32Array(bytes.buffer)] };
}

test("one artifact runs on every size between its limits, in any order", () => {
  const runner = createSum();
  for (const [rows, width] of [
    [1, 4],
    [3, 64],
    [2, 8],
    [1, 4],
    [3, 12],
  ] as const) {
    const x = Array.from({ length: rows }, (_, row) =>
      Array.from({ length: width }, (_, i) => row * 100 + i),
    );
    const y = Array.from({ length: width }, (_, i) => i / 2);
    const sums = x.map((row) => row.map((value, i) => value + y[i]!));
    const { shape, data } = run(runner, x, y);
    assert.deepEqual(shape, [rows, 2 * width]);
    assert.deepEqual(
      data,
      sums.flatMap((row) => [...row, ...row]),
    );
  }
});

for (const [title, shapes, message] of [
  ["a size above the limit", [[4, 8], [8]], /axis 0 is from 1 to 3/],
  ["a size below the limit", [[1, 0], [0]], /axis 1 is from 4 to 64, a multiple of 4/],
  ["a size that is no multiple", [[1, 6], [6]], /a multiple of 4/],
  ["sizes that must be equal and are not", [[1, 8], [12]], /differs from its equals/],
  ["another number of dimensions", [[8], [8]], /2 dimensions/],
] as const) {
  test(`refuses ${title}, and names the input`, () => {
    assert.throws(
      () => createSum().prepare(shapes),
      (error: Error & { code: string }) => {
        assert.equal(error.code, "input_invalid");
        assert.match(error.message, /input [xy] has shape/);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("memory grows with the first request that needs it, and no further", () => {
  const runner = createSum({ min: 4, max: 1 << 20, multiple: 4 });
  const small = runner.memoryBytes;
  runner.prepare([[1, 1 << 20], [1 << 20]]);
  const large = runner.memoryBytes;
  assert.ok(small < 1 << 20 && large > 8 << 20, `${small} and ${large} bytes`);
  runner.prepare([[1, 4], [4]]);
  runner.prepare([[1, 1 << 20], [1 << 20]]);
  assert.equal(runner.memoryBytes, large);
});

test("refuses a model whose largest sizes would not fit an isolate, before anything is allocated", () => {
  assert.throws(() => createSum({ min: 4, max: 1 << 24, multiple: 4 }), { code: "memory_exhausted" });
});
