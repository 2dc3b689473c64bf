// Files that nobody's exporter wrote: whatever the bytes, a ModelError or a graph, in bounded time and memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelError } from "../../../models/errors.ts";
import { fuseGraph } from "../../../models/fuse/fuse.ts";
import type { Graph } from "../../../models/graph.ts";
import { readOnnx } from "../../../models/import/onnx.ts";
import { TensorContext } from "../../../models/import/onnx-tensor.ts";
import {
  encodeModel,
  FLOAT,
  f32,
  type GraphSpec,
  i64,
  type ModelSpec,
  type NodeSpec,
} from "./encode-onnx.ts";

const MODEL: ModelSpec = {
  opset: 12,
  domains: { local: 1 },
  inputs: [{ name: "x", type: FLOAT, shape: ["n", 3] }],
  initializers: [
    f32("w", [3], [1, 2, 3]),
    i64("axes", [1], [0]),
    { name: "typed", type: 7, dims: [2], int64s: [300n, -1n] },
  ],
  functions: [
    {
      name: "F",
      domain: "local",
      inputs: ["a"],
      outputs: ["b"],
      nodes: [{ op: "Elu", inputs: ["a"], outputs: ["b"], attributes: { alpha: { reference: "slope" } } }],
    },
  ],
  nodes: [
    { op: "Add", inputs: ["x", "w"], outputs: ["a"], name: "add" },
    { op: "F", domain: "local", inputs: ["a"], outputs: ["f"], attributes: { slope: { float: 2 } } },
    {
      op: "If",
      inputs: ["f"],
      outputs: ["i"],
      attributes: {
        then_branch: { graph: { nodes: [{ op: "Neg", inputs: ["f"], outputs: ["t"] }], outputs: ["t"] } },
        else_branch: { graph: { nodes: [{ op: "Relu", inputs: ["f"], outputs: ["e"] }], outputs: ["e"] } },
      },
    },
    {
      op: "ReduceMean",
      inputs: ["i"],
      outputs: ["r"],
      attributes: { axes: { ints: [1] }, keepdims: { int: 1 } },
    },
    {
      op: "Gather",
      inputs: ["r", "typed"],
      outputs: ["y"],
      attributes: { axis: { int: 0 }, note: { text: "ein Täxt" } },
    },
  ],
  outputs: ["y"],
};

/** A graph that fusions have seen, or null where the file was refused as it should be. */
function readOrRefuse(bytes: Uint8Array): Graph | null {
  try {
    return fuseGraph(readOnnx(bytes));
  } catch (error) {
    assert.ok(error instanceof ModelError, `${error instanceof Error ? error.stack : error}`);
    return null;
  }
}

test("refuses every truncation", () => {
  const bytes = encodeModel(MODEL);
  assert.notEqual(readOrRefuse(bytes), null);
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(
      readOrRefuse(bytes.subarray(0, length)),
      null,
      `the first ${length} of ${bytes.length} bytes`,
    );
  }
});

test("survives any bytes flipped", () => {
  const bytes = encodeModel(MODEL);
  const random = createRandom(20_261);
  let refused = 0;
  for (let round = 0; round < 5000; round++) {
    const mangled = bytes.slice();
    for (let flips = 1 + (random() % 4); flips > 0; flips--)
      mangled[random() % bytes.length]! ^= 1 << (random() % 8);
    if (readOrRefuse(mangled) === null) refused++;
  }
  assert.ok(refused > 1000 && refused < 5000, `${refused} of 5000 were refused`);
});

test("survives random bytes", () => {
  const random = createRandom(7);
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from({ length: random() % 64 }, () => random());
    assert.equal(readOrRefuse(bytes), null);
  }
});

test("a chain of 50,000 nodes in reverse order does not overflow the stack", () => {
  const nodes: NodeSpec[] = [];
  for (let i = 50_000; i > 0; i--) {
    nodes.push({ op: "Relu", inputs: [i === 1 ? "x" : `v${i - 1}`], outputs: [`v${i}`] });
  }
  const graph = readOnnx(encodeModel({ inputs: MODEL.inputs!, nodes, outputs: ["v50000"] }));
  assert.equal(graph.nodes[0]?.inputs[0], "x");
});

test("names 50,000 nodes of one name, and as many operands of one constant, without looking through all of them", () => {
  const nodes = Array.from({ length: 50_000 }, (_, index) => ({
    op: "Mul",
    inputs: ["x", "w"],
    outputs: [`v${index}`],
    name: "same",
    attributes: { broadcast: { int: 1 }, axis: { int: 0 } },
  }));
  const inputs = [{ name: "x", type: FLOAT, shape: [3, 1] }];
  const outputs = nodes.map(({ outputs: [output] }) => output!);
  const started = performance.now();
  const initializers = [f32("w", [3], [1, 2, 3])];
  const graph = readOnnx(encodeModel({ opset: 6, inputs, initializers, nodes, outputs }));
  // A second here; with a search from 1 for each it was minutes.
  assert.ok(performance.now() - started < 30_000);
  assert.deepEqual(
    graph.nodes.slice(0, 3).map(({ name }) => name),
    ["same", "same~1", "same~2"],
  );
});

for (const op of ["Sum", "Div", "Concat"])
  test(`a ${op} of 300,000 inputs does not overflow the stack`, () => {
    const wide = { op, inputs: Array.from({ length: 300_000 }, () => "x"), outputs: ["s"] };
    const nodes = [
      wide,
      { op: "Identity", inputs: ["s"], outputs: ["unread"] },
      { op: "Mul", inputs: ["x", "x"], outputs: ["y"] },
    ];
    const bytes = encodeModel({ inputs: MODEL.inputs!, nodes, outputs: ["y"] });
    assert.notEqual(readOrRefuse(bytes), null);
  });

const nest = (depth: number): GraphSpec => ({
  nodes:
    depth === 0
      ? [{ op: "Neg", inputs: ["x"], outputs: ["r0"] }]
      : [
          {
            op: "If",
            inputs: ["x"],
            outputs: [`r${depth}`],
            attributes: { then_branch: { graph: nest(depth - 1) } },
          },
        ],
  outputs: [`r${depth}`],
});

test("reads graphs within graphs up to 8 levels", () => {
  const inputs = MODEL.inputs!;
  assert.equal(readOnnx(encodeModel({ inputs, ...nest(8) })).nodes.length, 1);
  assertTooLarge({ inputs, ...nest(9) }, /nested deeper than 8/);
});

test("refuses 100,001 nodes", () => {
  const nodes = Array.from({ length: 100_001 }, () => ({ op: "Neg", inputs: ["x"] }));
  assertTooLarge({ inputs: MODEL.inputs!, nodes, outputs: ["x"] }, /100000 nodes/);
});

test("refuses functions that multiply into more nodes than a file could hold", () => {
  const call = (name: string) => ({ op: name, domain: "local", inputs: ["a"] });
  const functions = Array.from({ length: 7 }, (_, level) => ({
    name: `F${level}`,
    domain: "local",
    inputs: ["a"],
    outputs: ["b"],
    nodes: level === 6 ? [] : Array.from({ length: 30 }, () => call(`F${level + 1}`)),
  }));
  const nodes = [{ op: "F0", domain: "local", inputs: ["x"], outputs: ["y"] }];
  const spec = { inputs: MODEL.inputs!, domains: { local: 1 }, functions, nodes, outputs: ["y"] };
  assertTooLarge(spec, /with its functions/);
});

test("refuses tensors that together have more than 256 Mi elements", () => {
  const context = new TensorContext(new Map(), false);
  context.count(2 ** 27, "a");
  context.count(2 ** 27, "b");
  assert.throws(() => context.count(1, "c"), { code: "model_too_large" });
});

function assertTooLarge(spec: ModelSpec, message: RegExp): void {
  assert.throws(
    () => readOnnx(encodeModel(spec)),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, "model_too_large", error.message);
      assert.match(error.message, message);
      return true;
    },
  );
}

/** xorshift32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
