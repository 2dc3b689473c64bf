// Names that every object answers to, and what a model or a recipe may not say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { createProgram } from "../../models/compile.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import type { Recipe } from "../../models/recipe.ts";
import { compileGraph } from "../fuzz/run.ts";
import { encodeModel, FLOAT, f32, type InputSpec, i64, type ModelSpec } from "./import/encode-onnx.ts";

const kernels = await readKernels();
const NAMES = ["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf"];

function lower(spec: ModelSpec, recipe: Partial<Pick<Recipe, "dimensions" | "bytes">> = {}) {
  return createProgram(readOnnx(encodeModel(spec)), { dimensions: {}, bytes: {}, ...recipe }, kernels);
}

const input = (shape: InputSpec["shape"]): InputSpec => ({ name: "x", type: FLOAT, shape: shape! });
const relu = { op: "Relu", inputs: ["x"], outputs: ["y"] };

for (const name of NAMES) {
  test(`refuses the operator ${name}`, () => {
    const nodes = [{ op: name, inputs: ["x"], outputs: ["y"] }];
    assert.throws(() => lower({ inputs: [input([2])], nodes, outputs: ["y"] }), { code: "op_unsupported" });
  });

  test(`takes ${name} for the name of an input, and of a size`, () => {
    const named = { name, type: FLOAT, shape: [2] };
    const nodes = [{ op: "Relu", inputs: [name], outputs: ["y"] }];
    assert.equal(lower({ inputs: [named], nodes, outputs: ["y"] }).inputs[0]!.name, name);
    const open = { inputs: [input([name])], nodes: [relu], outputs: ["y"] };
    assert.throws(() => lower(open), { code: "op_unsupported", message: /without limits: / });
  });

  test(`refuses the modes ${name}`, () => {
    const mode = { text: name };
    const resize = {
      op: "Resize",
      inputs: ["x", "", "", "sizes"],
      outputs: ["y"],
      attributes: { coordinate_transformation_mode: mode },
    };
    const pad = { op: "Pad", inputs: ["x", "pads"], outputs: ["y"], attributes: { mode } };
    const initializers = [i64("sizes", [4], [1, 1, 4, 4]), i64("pads", [8], [0, 0, 1, 1, 0, 0, 1, 1])];
    for (const node of [resize, pad]) {
      const spec = { inputs: [input([1, 1, 2, 2])], initializers, nodes: [node], outputs: ["y"] };
      assert.throws(() => lower(spec), { code: "op_unsupported" });
    }
  });
}

test("refuses limits and bytes of a name that the model does not have", () => {
  const spec = { inputs: [input([1, "height", "width", 3])], nodes: [relu], outputs: ["y"] };
  const limits = { min: 1, max: 8, multiple: 1 };
  const dimensions = { height: limits, width: limits };
  assert.doesNotThrow(() => lower(spec, { dimensions }));
  assert.throws(() => lower(spec, { dimensions: { ...dimensions, heigth: limits } }), {
    code: "recipe_invalid",
    message: /dimensions names "heigth".*"height", "width"/,
  });
  const bytes = { X: { channelAxis: 3, scale: [1, 1, 1], bias: [0, 0, 0] } } as const;
  assert.throws(() => lower(spec, { dimensions, bytes }), {
    code: "recipe_invalid",
    message: /bytes names "X"/,
  });
});

test("refuses to resize by a ratio that depends on the request", () => {
  const nodes = [
    { op: "Shape", inputs: ["x"], outputs: ["s"], attributes: { start: { int: 3 } } },
    { op: "Div", inputs: ["s", "two"], outputs: ["half"] },
    { op: "Mul", inputs: ["half", "two"], outputs: ["even"] },
    { op: "Concat", inputs: ["front", "even"], outputs: ["sizes"], attributes: { axis: { int: 0 } } },
    { op: "Resize", inputs: ["x", "", "", "sizes"], outputs: ["y"] },
  ];
  const initializers = [i64("two", [1], [2]), i64("front", [3], [1, 1, 4])];
  const spec = { inputs: [input([1, 1, 4, "w"])], initializers, nodes, outputs: ["y"] };
  const dimensions = { w: { min: 1, max: 8, multiple: 1 } };
  assert.throws(() => lower(spec, { dimensions }), { code: "op_unsupported", message: /ratio/ });
  const even = { w: { min: 2, max: 8, multiple: 2 } };
  assert.doesNotThrow(() => lower(spec, { dimensions: even }));
});

const WINDOWS: readonly [string, string, object, number[]][] = [
  ["ConvTranspose", "groups", { group: { int: -1 } }, [1, 1, 2, 2]],
  ["Conv", "groups", { group: { int: -1 } }, [1, 1, 2, 2]],
  ["Conv", "strides", { strides: { ints: [0, 1] } }, [1, 1, 2, 2]],
  ["Conv", "dilations", { dilations: { ints: [1, -1] } }, [1, 1, 2, 2]],
  ["Conv", "pads", { pads: { ints: [0, 0, 0, -1] } }, [1, 1, 2, 2]],
  ["ConvTranspose", "output_padding", { output_padding: { ints: [1] } }, [1, 1, 2, 2]],
];
for (const [op, title, attributes, shape] of WINDOWS) {
  test(`refuses ${op} with ${JSON.stringify(attributes)}`, () => {
    const initializers = [f32("w", shape, [1, 2, 3, 4])];
    const nodes = [{ op, inputs: ["x", "w"], outputs: ["y"], attributes: attributes as never }];
    const spec = { inputs: [input([1, 1, 4, 4])], initializers, nodes, outputs: ["y"] };
    assert.throws(() => lower(spec), { code: "op_unsupported", message: new RegExp(title) });
  });
}

test("refuses axes that repeat", () => {
  const initializers = [i64("axes", [2], [0, -5])];
  const nodes = [{ op: "Unsqueeze", inputs: ["x", "axes"], outputs: ["y"] }];
  const spec = { inputs: [input([2, 3, 4])], initializers, nodes, outputs: ["y"] };
  assert.throws(() => lower(spec), { code: "op_unsupported", message: /repeat/ });
});

test("refuses a normalization by a negative variance", () => {
  const initializers = [f32("one", [1], [1]), f32("negative", [1], [-4])];
  const nodes = [
    { op: "BatchNormalization", inputs: ["x", "one", "one", "one", "negative"], outputs: ["y"] },
  ];
  const spec = { inputs: [input([1, 1, 2])], initializers, nodes, outputs: ["y"] };
  assert.throws(() => lower(spec), { code: "op_unsupported", message: /not finite/ });
});

test("refuses to write a model that computes nothing", async () => {
  const graph = readOnnx(encodeModel({ inputs: [input([2])], outputs: ["x"] }));
  await assert.rejects(compileGraph(kernels, graph, "none", [], []), {
    code: "op_unsupported",
    message: /computes nothing/,
  });
});

test("refuses to write a model with more outputs than a reply carries", async () => {
  const outputs = Array.from({ length: 17 }, (_, index) => `y${index}`);
  const nodes = outputs.map((name) => ({ op: "Relu", inputs: ["x"], outputs: [name] }));
  const graph = readOnnx(encodeModel({ inputs: [input([2])], nodes, outputs }));
  await assert.rejects(compileGraph(kernels, graph, "none", [], []), {
    code: "model_too_large",
    message: /outputs has 17 items/,
  });
});
