// Squeeze-and-excite, as MobileNetV3 and PP-LCNet have it: a factor for each channel, out of the means of all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../../cli/artifacts/artifacts.ts";
import { createProgram } from "../../../models/compile.ts";
import { sketch } from "./sketch.ts";

const kernels = await readKernels();
const kindsOf = (lines: string) =>
  createProgram(
    sketch({
      inputs: { x: [1, 8, 6, 6] },
      constants: { w: [4, 8, 1, 1], b: [4], v: [8, 4, 1, 1], c: [8] },
      lines,
    }),
    { dimensions: {}, bytes: {} },
    kernels,
  ).ops.map(({ kind }) => kind);

test("convolutions of the means are products of one row, which clamp as they store", () => {
  const lines =
    "m = GlobalAveragePool(x)\na = Conv(m, w, b)\nr = Relu(a)\ne = Conv(r, v, c)\n" +
    "g = HardSigmoid(e; alpha=0.2, beta=0.5)\ny = Mul(x, g)";
  assert.deepEqual(kindsOf(lines).slice(1), ["avgpool", "gemm", "gemm", "unary", "binary"]);
});

test("a gate that is written down as Clip(x + 3, 0, 6) / 6 is one activation", () => {
  const lines =
    "m = GlobalAveragePool(x)\na = Conv(m, w, b)\nr = Relu(a)\ne = Conv(r, v, c)\n" +
    "n = Add(e, 3)\nk = Clip(n, 0, 6)\ng = Div(k, 6)\ny = Mul(x, g)";
  assert.deepEqual(kindsOf(lines).slice(1), ["avgpool", "gemm", "gemm", "unary", "binary"]);
});
