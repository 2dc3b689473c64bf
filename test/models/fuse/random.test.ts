// Random graphs of what fusions look for, and of what comes in between: whatever they find, the function stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuseGraph } from "../../../models/fuse/fuse.ts";
import { fuseSketch } from "./assert-fused.ts";
import { createRandom, sketch } from "./sketch.ts";

const UNARY = ["Identity", "Relu", "Sigmoid", "HardSwish", "Tanh"];
const SCALARS = ["0.5", "0.75", "1", "1.25", "3"];
const CHANNELS = ["k", "j", "p"];
/** (4, H, W) stays (4, H, W), so that every value can be an operand of every other. */
const LAYERS = ["Conv(%, w)", "Conv(%, v, b; pads=1 1 1 1)", "ConvTranspose(%, w)", "Conv(%, u; group=2)"];
const CONSTANTS = {
  w: [4, 4, 1, 1],
  v: [4, 4, 3, 3],
  u: [4, 2, 1, 1],
  b: [4],
  k: [4, 1, 1],
  j: [1, 4, 1, 1],
  p: [3],
  s: [4],
  t: [4],
  mean: [4],
  variance: [4],
};

function randomLines(seed: number): { lines: string; outputs: string[] } {
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const values = ["x"];
  const lines: string[] = [];
  for (let index = 0; index < 12; index++) {
    // Mostly the last value, so that runs come about; sometimes an earlier one, so that somebody else reads it.
    const operand = random() < 0.8 ? values.at(-1)! : pick(values);
    const kind = random();
    const constant = random() < 0.5 ? pick(SCALARS) : pick(CHANNELS);
    const swapped = random() < 0.3;
    const expression =
      kind < 0.2
        ? pick(LAYERS).replace("%", `g${index}`)
        : kind < 0.3
          ? `BatchNormalization(${operand}, s, t, mean, variance)`
          : kind < 0.45
            ? `${pick(UNARY)}(${operand})`
            : kind < 0.55
              ? `${pick(["Add", "Mul"])}(${operand}, ${pick(values)})`
              : swapped
                ? `${pick(["Add", "Sub", "Mul"])}(${constant}, ${operand})`
                : `${pick(["Add", "Sub", "Mul", "Div"])}(${operand}, ${constant})`;
    // A curve before each layer keeps values small, whatever came before.
    if (kind < 0.2) lines.push(`g${index} = Sigmoid(${operand})`);
    lines.push(`v${index} = ${expression}`);
    values.push(`v${index}`);
  }
  const last = "out = Sigmoid(v11)";
  return { lines: [...lines, last].join("\n"), outputs: random() < 0.5 ? ["out"] : ["out", pick(values)] };
}

test("leaves the function of 300 random graphs as it is", () => {
  for (let seed = 1; seed <= 300; seed++) {
    fuseSketch({ inputs: { x: [1, 4, 3, 3] }, constants: CONSTANTS, ...randomLines(seed) });
  }
});

test("takes time in proportion to a graph, not to its square", () => {
  const count = 10_000;
  const lines = ["c = Conv(x, w)"];
  for (let index = 0; index < count; index++)
    lines.push(`m${index} = Mul(c, 2)`, `n${index} = Mul(m${index}, 2)`);
  let last = "n0";
  for (let index = 1; index < count; index++) {
    lines.push(`s${index} = Add(${last}, n${index})`);
    last = `s${index}`;
  }
  const graph = sketch({
    inputs: { x: [1, 4, 1, 1] },
    constants: { w: [4, 4, 1, 1] },
    lines: lines.join("\n"),
  });
  const started = performance.now();
  const { nodes } = fuseGraph(graph);
  // Well under a second; with each reader looking at all others it was minutes.
  assert.ok(performance.now() - started < 30_000);
  assert.equal(nodes.length, 2 * count);
});
