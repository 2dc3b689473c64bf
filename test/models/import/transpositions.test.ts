import assert from "node:assert/strict";
import { test } from "node:test";
import type { Constant } from "../../../models/graph.ts";
import { readTfjsGraphModel } from "../../../models/import/tfjs/graph-model.ts";
import { interpret } from "../reference/interpret.ts";
import { createRandom } from "../tiny-model.ts";
import { FileWriter, truth, window } from "./tfjs-file.ts";
import { readNsfwModel, runTfjs } from "./tfjs-oracle.ts";

const random = createRandom(9);
const reals = (count: number) => Array.from({ length: count }, () => random() * 2 - 1);

/** Convolutions of an image (1, 6, 5, 3) with what `behind` puts behind them. */
function write(behind: (file: FileWriter, conv: (name: string) => string) => void) {
  const file = new FileWriter();
  const x = file.input("x", [1, 6, 5, 3]);
  const conv = (name: string) =>
    file.node(name, "Conv2D", [x, file.floats(`${name}/w`, [3, 3, 3, 4], reals(108))], window(1, "SAME"));
  behind(file, conv);
  return file.source();
}

async function check(source: ReturnType<typeof write>, transpositions: number): Promise<void> {
  const graph = readTfjsGraphModel(source);
  const x: Constant = { dtype: "f32", shape: [1, 6, 5, 3], data: Float32Array.from(reals(90)) };
  const ours = interpret(graph, new Map([["x", x]])).get("y")!;
  const theirs = (await runTfjs(source, new Map([["x", x]]), ["y"])).get("y")!;
  assert.deepEqual(ours.shape, theirs.shape);
  for (const [i, value] of theirs.data.entries()) assert.ok(Math.abs(Number(ours.data[i]) - value) <= 1e-5);
  assert.equal(graph.nodes.filter(({ op }) => op === "Transpose").length, transpositions);
}

test("sink through biases, slopes, activations, sums and padding", async () => {
  const source = write((file, conv) => {
    const biased = file.node("biased", "BiasAdd", [conv("a"), file.floats("bias", [4], reals(4))]);
    const sloped = file.node("sloped", "Prelu", [biased, file.floats("slopes", [1, 1, 4], reals(4))]);
    const sum = file.node("sum", "AddV2", [sloped, file.node("relu", "Relu6", [conv("b")])]);
    const scaled = file.node("scaled", "Mul", [file.floats("rows", [6, 1, 1], reals(6)), sum]);
    const padded = file.node("padded", "Pad", [scaled, file.ints("pads", [4, 2], [0, 0, 1, 2, 3, 0, 0, 1])]);
    file.node("y", "Conv2D", [padded, file.floats("w", [1, 1, 5, 2], reals(10))], window(2, "VALID"));
  });
  // x, once for two convolutions, and y, which is NHWC.
  await check(source, 2);
});

test("sink through a concatenation of channels and end in a mean over places", async () => {
  const source = write((file, conv) => {
    const both = file.node("both", "ConcatV2", [conv("a"), conv("b"), file.ints("axis", [], [-1])]);
    file.node("y", "Mean", [both, file.ints("places", [2], [1, 2])], { keep_dims: truth(false) });
  });
  await check(source, 1);
});

test("are made once for all who need the order of the file", async () => {
  const source = write((file, conv) => {
    const flat = file.ints("flat", [2], [1, -1]);
    const relu = file.node("relu", "Relu", [conv("a")]);
    const both = ["p", "q"].map((name) => file.node(name, "Reshape", [relu, flat]));
    file.node("y", "Sub", [both[0]!, file.node("twice", "AddV2", [both[1]!, both[1]!])]);
  });
  await check(source, 2);
});

test("stay before a sum with what is not turned", async () => {
  const source = write((file, conv) => {
    const columns = file.node("columns", "Slice", [
      "x",
      file.ints("s0", [4], [0, 0, 0, 0]),
      file.ints("s1", [4], [1, 6, 5, 1]),
    ]);
    file.node("y", "AddV2", [file.node("relu", "Relu", [conv("a")]), columns]);
  });
  await check(source, 2);
});

test("one is left in moderate-mobilenet-v2", () => {
  const graph = readTfjsGraphModel(readNsfwModel("mobilenet_v2_mid", 2));
  const left = graph.nodes.filter(({ op }) => op === "Transpose");
  assert.equal(left.length, 1);
  assert.equal(left[0]?.inputs[0]?.endsWith("hub_input/Sub"), true);
});
