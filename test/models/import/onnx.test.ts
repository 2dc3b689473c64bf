import assert from "node:assert/strict";
import { test } from "node:test";
import type { Constant } from "../../../models/graph.ts";
import { readOnnx } from "../../../models/import/onnx.ts";
import { type AttributeSpec, encodeModel, FLOAT, f32, INT64, i64, type ModelSpec } from "./encode-onnx.ts";

const X = { name: "x", type: FLOAT, shape: [2, 3] };
const read = (spec: ModelSpec) => readOnnx(encodeModel({ inputs: [X], outputs: ["y"], ...spec }));

test("reads inputs, nodes, attributes, constants and outputs", () => {
  const graph = read({
    inputs: [{ name: "x", type: FLOAT, shape: ["batch", 3, null] }],
    initializers: [f32("w", [3], [1, 2, 3])],
    nodes: [
      { op: "Mul", inputs: ["x", "w"], outputs: ["m"], name: "scale" },
      { op: "LeakyRelu", inputs: ["m"], outputs: ["y"], attributes: { alpha: { float: 0.25 } } },
    ],
  });
  assert.deepEqual(graph.inputs, [{ name: "x", dtype: "f32", shape: ["batch", 3, "x:2"] }]);
  assert.deepEqual(
    graph.nodes.map(({ name, op, inputs, outputs }) => [name, op, inputs, outputs]),
    [
      ["scale", "Mul", ["x", "w"], ["m"]],
      ["LeakyRelu:y", "LeakyRelu", ["m"], ["y"]],
    ],
  );
  assert.deepEqual(graph.nodes[1]?.attributes, new Map([["alpha", 0.25]]));
  assert.deepEqual(graph.constants.get("w"), { dtype: "f32", shape: [3], data: Float32Array.of(1, 2, 3) });
  assert.deepEqual(graph.outputs, ["y"]);
});

test("takes an input that is an initializer too as a constant", () => {
  const graph = read({
    inputs: [X, { name: "w", type: FLOAT, shape: [1] }],
    initializers: [f32("w", [1], [5])],
    nodes: [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
  });
  assert.deepEqual(
    graph.inputs.map(({ name }) => name),
    ["x"],
  );
  assert.ok(graph.constants.has("w"));
});

test("brings nodes into an order in which each comes after what it reads", () => {
  const graph = read({
    nodes: [
      { op: "Add", inputs: ["a", "b"], outputs: ["y"] },
      { op: "Relu", inputs: ["a"], outputs: ["b"] },
      { op: "Neg", inputs: ["x"], outputs: ["a"] },
    ],
  });
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ["Neg", "Relu", "Add"],
  );
});

test("names nodes that have no name, or one that is taken", () => {
  const graph = read({
    nodes: [
      { op: "Neg", inputs: ["x"], outputs: ["a"], name: "n" },
      { op: "Neg", inputs: ["a"], outputs: ["b"], name: "n" },
      { op: "Neg", inputs: ["b"], outputs: ["y"] },
    ],
  });
  assert.deepEqual(
    graph.nodes.map(({ name }) => name),
    ["n", "n~1", "Neg:y"],
  );
});

const constants: [string, AttributeSpec, Constant][] = [
  ["value", { tensor: i64("", [2], [7, -7]) }, { dtype: "i64", shape: [2], data: BigInt64Array.of(7n, -7n) }],
  ["value_int", { int: -3 }, { dtype: "i64", shape: [], data: BigInt64Array.of(-3n) }],
  ["value_ints", { ints: [1, 2] }, { dtype: "i64", shape: [2], data: BigInt64Array.of(1n, 2n) }],
  ["value_float", { float: 0.5 }, { dtype: "f32", shape: [], data: Float32Array.of(0.5) }],
  ["value_floats", { floats: [1, 2.5] }, { dtype: "f32", shape: [2], data: Float32Array.of(1, 2.5) }],
];
for (const [name, attribute, expected] of constants) {
  test(`makes a constant of Constant with ${name}`, () => {
    const graph = read({
      nodes: [
        { op: "Constant", outputs: ["c"], attributes: { [name]: attribute } },
        { op: "Add", inputs: ["x", "c"], outputs: ["y"] },
      ],
    });
    assert.deepEqual(graph.constants.get("c"), expected);
    assert.equal(graph.nodes.length, 1);
  });
}

test("keeps graphs in attributes, and the constants around them that only they read", () => {
  const branch = (op: string) => ({
    graph: { nodes: [{ op, inputs: ["x", "w"], outputs: ["r"] }], outputs: ["r"] },
  });
  const graph = read({
    inputs: [X, { name: "c", type: 9, shape: [] }],
    initializers: [f32("w", [1], [5]), f32("unread", [1], [6])],
    nodes: [
      {
        op: "If",
        inputs: ["c"],
        outputs: ["y"],
        attributes: { then_branch: branch("Add"), else_branch: branch("Mul") },
      },
    ],
  });
  assert.deepEqual([...graph.constants.keys()], ["w"]);
  const [then, otherwise] = ["then_branch", "else_branch"].map((name) =>
    graph.nodes[0]?.attributes.get(name),
  );
  assert.ok(
    typeof then === "object" && "nodes" in then && typeof otherwise === "object" && "nodes" in otherwise,
  );
  assert.deepEqual([then.nodes[0]?.op, otherwise.nodes[0]?.op], ["Add", "Mul"]);
});

test("reads a loop whose body does not declare what it is handed", () => {
  const body = {
    inputs: [{ name: "turn", type: INT64, shape: [] }, { name: "again", type: 9 }, { name: "carried" }],
    nodes: [
      { op: "Identity", inputs: ["again"], outputs: ["more"] },
      { op: "Softmax", inputs: ["carried"], outputs: ["next"], attributes: { axis: { int: 0 } } },
    ],
    outputs: ["more", "next"],
  };
  const graph = read({
    opset: 11,
    initializers: [i64("turns", [], [3])],
    nodes: [
      { op: "Loop", inputs: ["turns", "", "x"], outputs: ["y"], attributes: { body: { graph: body } } },
    ],
  });
  const loop = graph.nodes[0]?.attributes.get("body");
  assert.ok(typeof loop === "object" && "nodes" in loop);
  assert.deepEqual(
    loop.inputs.map(({ name }) => name),
    ["turn", "again", "carried"],
  );
  // Of unknown rank: the first axis is not taken for the last.
  assert.equal(loop.nodes[1]?.attributes.get("flatten"), 1);
});

test("sorts a node behind what the graphs in its attributes read", () => {
  const body = { graph: { nodes: [{ op: "Neg", inputs: ["late"], outputs: ["r"] }], outputs: ["r"] } };
  const graph = read({
    inputs: [X, { name: "c", type: 9, shape: [] }],
    nodes: [
      { op: "If", inputs: ["c"], outputs: ["y"], attributes: { then_branch: body, else_branch: body } },
      { op: "Relu", inputs: ["x"], outputs: ["late"] },
    ],
  });
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ["Relu", "If"],
  );
});

test("puts the body of a function in the place of its call, with its own version and attributes", () => {
  const graph = read({
    domains: { local: 1 },
    functions: [
      {
        name: "Scaled",
        domain: "local",
        opset: 12,
        inputs: ["a"],
        outputs: ["b"],
        defaults: { beta: { float: 0.5 } },
        nodes: [
          { op: "LeakyRelu", inputs: ["a"], outputs: ["t"], attributes: { alpha: { reference: "slope" } } },
          { op: "Elu", inputs: ["t"], outputs: ["u"], attributes: { alpha: { reference: "beta" } } },
          { op: "Squeeze", inputs: ["u"], outputs: ["b"], attributes: { axes: { ints: [0] } } },
        ],
      },
    ],
    nodes: [
      { op: "Scaled", domain: "local", inputs: ["x"], outputs: ["m"], attributes: { slope: { float: 2 } } },
      { op: "Scaled", domain: "local", inputs: ["m"], outputs: ["y"], attributes: { slope: { float: 4 } } },
    ],
  });
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ["LeakyRelu", "Elu", "Squeeze", "LeakyRelu", "Elu", "Squeeze"],
  );
  assert.deepEqual(
    graph.nodes.map(({ attributes }) => attributes.get("alpha")),
    [2, 0.5, undefined, 4, 0.5, undefined],
  );
  assert.equal(graph.nodes[2]?.inputs.length, 2, "Squeeze is in the form of opset 21");
  assert.equal(graph.nodes[3]?.inputs[0], "m");
});

const refusals: [string, Partial<ModelSpec>, string, RegExp][] = [
  [
    "two values of one name",
    { nodes: [{ op: "Neg", inputs: ["x"], outputs: ["x"] }] },
    "model_malformed",
    /two values are called x/,
  ],
  [
    "an edge from nowhere",
    { nodes: [{ op: "Neg", inputs: ["ghost"], outputs: ["y"] }] },
    "model_malformed",
    /ghost/,
  ],
  ["an output from nowhere", { outputs: ["ghost"] }, "model_malformed", /ghost/],
  [
    "a cycle",
    {
      nodes: [
        { op: "Add", inputs: ["x", "y"], outputs: ["a"] },
        { op: "Neg", inputs: ["a"], outputs: ["y"] },
      ],
    },
    "model_malformed",
    /cycle/,
  ],
  ["a node without an operator", { nodes: [{ op: "", outputs: ["y"] }] }, "model_malformed", /no operator/],
  ["an input without a type", { inputs: [{ name: "x" }] }, "model_malformed", /input x/],
  ["an input without a shape", { inputs: [{ name: "x", type: FLOAT }] }, "model_malformed", /input x/],
  [
    "an input of texts",
    { inputs: [{ name: "x", type: 8, shape: [1] }] },
    "op_unsupported",
    /input x.*string/,
  ],
  [
    "a domain of somebody else",
    { domains: { foo: 1 }, nodes: [{ op: "Bar", domain: "foo", outputs: ["y"] }] },
    "op_unsupported",
    /domain foo/,
  ],
  [
    "an operator set that is not imported",
    { nodes: [{ op: "Bar", domain: "com.microsoft", outputs: ["y"] }] },
    "model_malformed",
    /not imported/,
  ],
  [
    "opset 24",
    { opset: 24, nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"] }] },
    "op_unsupported",
    /version 24/,
  ],
  [
    "an operator on sequences",
    { nodes: [{ op: "SequenceEmpty", outputs: ["y"] }] },
    "op_unsupported",
    /SequenceEmpty/,
  ],
  [
    "training",
    {
      nodes: [
        {
          op: "BatchNormalization",
          inputs: ["x", "x", "x", "x", "x"],
          outputs: ["y"],
          attributes: { training_mode: { int: 1 } },
        },
      ],
    },
    "op_unsupported",
    /training/,
  ],
  [
    "a reader of what only training makes",
    {
      nodes: [
        { op: "Dropout", inputs: ["x"], outputs: ["a", "mask"] },
        { op: "Not", inputs: ["mask"], outputs: ["y"] },
      ],
    },
    "op_unsupported",
    /Not.*mask/,
  ],
  [
    "an attribute of sparse tensors",
    { nodes: [{ op: "Constant", outputs: ["y"], attributes: { sparse_value: { field: 22 } } }] },
    "op_unsupported",
    /sparse/,
  ],
  [
    "a Constant of texts",
    { nodes: [{ op: "Constant", outputs: ["y"], attributes: { value_string: { text: "a" } } }] },
    "op_unsupported",
    /value_string/,
  ],
  [
    "an attribute that is no number",
    { nodes: [{ op: "Elu", inputs: ["x"], outputs: ["y"], attributes: { alpha: { float: Number.NaN } } }] },
    "model_malformed",
    /alpha is not a number/,
  ],
  [
    "a function that calls itself",
    {
      domains: { local: 1 },
      functions: [
        {
          name: "F",
          domain: "local",
          inputs: ["a"],
          outputs: ["b"],
          nodes: [{ op: "F", domain: "local", inputs: ["a"], outputs: ["b"] }],
        },
      ],
      nodes: [{ op: "F", domain: "local", inputs: ["x"], outputs: ["y"] }],
    },
    "op_unsupported",
    /nested deeper/,
  ],
];
for (const [title, spec, code, message] of refusals) {
  test(`refuses ${title} with ${code}`, () => {
    assert.throws(
      () => read(spec),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("reads what com.microsoft and ai.onnx are to it", () => {
  const graph = read({
    domains: { "com.microsoft": 1 },
    nodes: [
      { op: "FastGelu", domain: "com.microsoft", inputs: ["x"], outputs: ["a"] },
      { op: "Neg", domain: "ai.onnx", inputs: ["a"], outputs: ["y"] },
    ],
  });
  assert.deepEqual(
    graph.nodes.map(({ domain }) => domain),
    ["com.microsoft", ""],
  );
});

test("keeps the order of a file that has one, and integers of any size", () => {
  const graph = read({
    initializers: [{ name: "big", type: INT64, dims: [2], int64s: [2n ** 62n + 1n, -(2n ** 63n)] }],
    nodes: [{ op: "Add", inputs: ["x", "big"], outputs: ["y"] }],
  });
  assert.deepEqual(graph.constants.get("big")?.data, BigInt64Array.of(2n ** 62n + 1n, -(2n ** 63n)));
});
