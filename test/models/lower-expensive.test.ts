// Small files that ask the compiler for more than it should give: each is refused, before it has cost much.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { createProgram } from "../../models/compile.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { ANONYMOUS, emitProgram } from "../../models/manifest.ts";
import { encodeModel, FLOAT, f32, INT64, i64, type ModelSpec, type NodeSpec } from "./import/encode-onnx.ts";

const kernels = await readKernels();
/** Seconds on an idle machine; minutes would be without a limit. */
const MAX_MS = 60_000;

const chain = (count: number, node: (index: number) => NodeSpec) =>
  Array.from({ length: count }, (_, i) => node(i));
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const limits = { min: 1, max: 8, multiple: 1 };
const x = (shape: readonly (number | string)[]) => ({ name: "x", type: FLOAT, shape });

const formula = (next: (index: number) => NodeSpec, count: number): ModelSpec => ({
  inputs: [x(["a", "b", "c", "d"])],
  initializers: [i64("three", [1], [3]), i64("axes", [1], [0])],
  nodes: [
    { op: "Shape", inputs: ["x"], outputs: ["shape"] },
    { op: "ReduceSum", inputs: ["shape", "axes"], outputs: ["v0"] },
    ...chain(count, next),
    { op: "ConstantOfShape", inputs: [`v${count}`], outputs: ["y"] },
  ],
  outputs: ["y"],
});

const cases: readonly [title: string, spec: ModelSpec][] = [
  [
    "a size that is squared again and again",
    formula((i) => ({ op: "Mul", inputs: [`v${i}`, `v${i}`], outputs: [`v${i + 1}`] }), 24),
  ],
  [
    "quotients of minima of quotients",
    formula(
      (i) => ({ op: i % 2 === 0 ? "Min" : "Div", inputs: [`v${i}`, "three"], outputs: [`v${i + 1}`] }),
      4000,
    ),
  ],
  [
    "constants that are large one after the other",
    {
      inputs: [x([1])],
      initializers: [i64("size", [1], [20_000_000]), i64("axes", [1], [0])],
      nodes: [
        ...chain(40, (i) => ({ op: "ConstantOfShape", inputs: ["size"], outputs: [`c${i}`] })),
        ...chain(40, (i) => ({ op: "ReduceMax", inputs: [`c${i}`, "axes"], outputs: [`m${i}`] })),
        { op: "Sum", inputs: ["x", ...names("m", 40)], outputs: ["y"] },
      ],
      outputs: ["y"],
    },
  ],
  [
    "products of constants",
    {
      inputs: [x([1])],
      initializers: [i64("size", [2], [1500, 1500])],
      nodes: [
        { op: "ConstantOfShape", inputs: ["size"], outputs: ["m0"] },
        ...chain(60, (i) => ({ op: "MatMul", inputs: [`m${i}`, `m${i}`], outputs: [`m${i + 1}`] })),
        { op: "Add", inputs: ["x", "m60"], outputs: ["y"] },
      ],
      outputs: ["y"],
    },
  ],
  [
    "a normalization over more channels than anything has",
    {
      inputs: [x([1, 4, 2, 2])],
      nodes: [{ op: "LRN", inputs: ["x"], outputs: ["y"], attributes: { size: { int: 50_000 } } }],
      outputs: ["y"],
    },
  ],
  [
    "more groups than an artifact has operations",
    {
      inputs: [x([1, 20_000, 1, 1])],
      initializers: [
        f32(
          "w",
          [20_000, 1, 1, 1],
          Array.from({ length: 20_000 }, () => 1),
        ),
      ],
      nodes: [
        { op: "ConvTranspose", inputs: ["x", "w"], outputs: ["y"], attributes: { group: { int: 20_000 } } },
      ],
      outputs: ["y"],
    },
  ],
  [
    "one value read by very many",
    {
      inputs: [x([4])],
      nodes: chain(30_000, (i) => ({ op: "Neg", inputs: ["x"], outputs: [`y${i}`] })),
      outputs: names("y", 30_000),
    },
  ],
  [
    "a hidden state of a billion",
    {
      inputs: [x([2, 1, 3])],
      initializers: [f32("w", [1, 4, 3], new Array(12).fill(0)), f32("r", [1, 4, 1], [0, 0, 0, 0])],
      nodes: [
        {
          op: "LSTM",
          inputs: ["x", "w", "r"],
          outputs: ["y"],
          attributes: { hidden_size: { int: 1_000_000_000 } },
        },
      ],
      outputs: ["y"],
    },
  ],
  ["loops in loops", { inputs: [x([1])], ...nestedLoops(4, 300), outputs: ["y"] }],
];

/** Each turn of a loop runs the next one whole. */
function nestedLoops(depth: number, turns: number): Pick<ModelSpec, "nodes" | "initializers"> {
  const body = (level: number): NodeSpec => {
    const inner: NodeSpec[] =
      level === depth
        ? [{ op: "Add", inputs: [`in${level}`, "one"], outputs: [`out${level}`] }]
        : [{ ...body(level + 1), inputs: ["turns", "", `in${level}`], outputs: [`out${level}`] }];
    return {
      op: "Loop",
      attributes: {
        body: {
          graph: {
            inputs: [
              { name: `i${level}`, type: INT64, shape: [] },
              { name: `c${level}`, type: 9, shape: [] },
              { name: `in${level}` },
            ],
            nodes: [{ op: "Identity", inputs: [`c${level}`], outputs: [`go${level}`] }, ...inner],
            outputs: [`go${level}`, `out${level}`],
          },
        },
      },
    };
  };
  return {
    initializers: [i64("turns", [], [turns]), f32("one", [1], [1])],
    nodes: [{ ...body(1), inputs: ["turns", "", "x"], outputs: ["y"] }],
  };
}

for (const [title, spec] of cases) {
  test(`refuses ${title}`, () => {
    const started = performance.now();
    const open = new Set((spec.inputs ?? []).flatMap(({ shape }) => shape ?? []));
    const symbols = [...open].filter((size) => typeof size === "string");
    const dimensions = Object.fromEntries(symbols.map((name) => [name, limits]));
    assert.throws(
      () =>
        emitProgram(
          createProgram(readOnnx(encodeModel(spec)), { dimensions, bytes: {} }, kernels),
          ANONYMOUS,
        ),
      (error: { code?: string }) => ["model_too_large", "op_unsupported"].includes(error.code ?? ""),
    );
    const took = performance.now() - started;
    assert.ok(took < MAX_MS, `it took ${took} ms`);
  });
}
