import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeManifest, type Manifest, type Op, planMemory, tensorBytes } from "../../engine/index.ts";
import { compileTiny } from "../models/compile-tiny.ts";

const tiny = decodeManifest((await compileTiny()).manifest);

/** A graph of additions: each operation reads two earlier values of its own size. */
const programs = fc
  .array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 40 })
  .map((choices): Manifest => {
    const tensors = [{ dtype: "qs8" as const, shape: [40], scale: 1, zeroPoint: 0 }];
    const ops: Op[] = choices.map(([a, b], index) => {
      tensors.push({ dtype: "qs8", shape: [40], scale: 1, zeroPoint: 0 });
      return { kind: "add", a: a % (index + 1), b: b % (index + 1), output: index + 1, min: -128, max: 127 };
    });
    return {
      ...tiny,
      tensors,
      ops,
      inputs: [{ name: "input", tensor: 0 }],
      outputs: [{ name: "output", tensor: ops.length }],
    };
  });

test("tensors that are alive at the same time never share a byte", () => {
  fc.assert(
    fc.property(programs, (manifest) => {
      const { offsets, arenaBytes } = planMemory(manifest);
      const lastUse = manifest.tensors.map((_, tensor) =>
        Math.max(
          ...manifest.ops.map((op, time) =>
            op.kind === "add" && (op.a === tensor || op.b === tensor) ? time : -1,
          ),
          tensor - 1,
        ),
      );
      lastUse[manifest.ops.length] = manifest.ops.length;
      for (const [a, start] of offsets.entries()) {
        const end = start + tensorBytes(manifest.tensors[a]!);
        assert.ok(end <= arenaBytes);
        for (const [b, other] of offsets.entries()) {
          // Tensor t is written by operation t − 1.
          const together = a < b && b - 1 <= lastUse[a]!;
          if (together) assert.ok(end <= other || other + 40 <= start, `tensors ${a} and ${b}`);
        }
      }
    }),
    { seed: 3, numRuns: 200 },
  );
});

test("a chain of operations needs the memory of two tensors, not of all", () => {
  const chain = Array.from({ length: 30 }, (_, index): [number, number] => [index, index]);
  const [manifest] = fc.sample(programs, { seed: 1, numRuns: 1 });
  const tensors = Array.from({ length: 31 }, () => manifest!.tensors[0]!);
  const ops = chain.map(
    ([a, b], index): Op => ({ kind: "add", a, b, output: index + 1, min: -128, max: 127 }),
  );
  const { arenaBytes } = planMemory({
    ...manifest!,
    tensors,
    ops,
    outputs: [{ name: "output", tensor: 30 }],
  });
  assert.equal(arenaBytes, 128);
});

test("knows the operations of a run before it runs", () => {
  // 9·9·3 bytes converted, 5·5·10·27 + 5·5·10·9 + 5·5·10·10 multiply-adds, 250 additions, 250 pooled, 50 + 5.
  assert.equal(planMemory(tiny).opCount, 243 + 6750 + 2250 + 2500 + 250 + 250 + 50 + 5);
});

const withOp = (index: number, change: object): Manifest => ({
  ...tiny,
  ops: tiny.ops.map((op, at) => (at === index ? ({ ...op, ...change } as Op) : op)),
});

const refusals: [string, Manifest][] = [
  ["an operation that reads what nobody wrote", withOp(1, { input: tiny.ops[4]!.output })],
  ["a tensor that is written twice", withOp(2, { output: tiny.ops[1]!.output })],
  ["an operation that writes the input", withOp(0, { output: tiny.inputs[0]!.tensor })],
  ["a tensor that does not exist", withOp(1, { input: 77 })],
  ["a stride of 0", withOp(1, { strides: [0, 1] })],
  ["an empty kernel", withOp(1, { kernel: [0, 3] })],
  ["a pad wider than the kernel", withOp(1, { pads: [3, 1] })],
  ["a window outside the input", withOp(1, { strides: [9, 9] })],
  ["a convolution between types", withOp(1, { output: tiny.ops.at(-1)!.output })],
  ["a sum of different sizes", withOp(4, { b: tiny.inputs[0]!.tensor })],
  ["a softmax of integers", withOp(7, { input: tiny.ops[5]!.output })],
];
for (const [title, manifest] of refusals) {
  test(`refuses ${title}`, () => {
    assert.throws(() => planMemory(manifest), { name: "InferenceError", code: "manifest_invalid" });
  });
}

test("refuses a model that would not fit an isolate, before anything is allocated", () => {
  const tensors = tiny.tensors.map((tensor, index) =>
    index === tiny.inputs[0]!.tensor || index === tiny.ops[0]!.output
      ? { ...tensor, shape: [1, 9, 9, 3_000_000] }
      : tensor,
  );
  const ops = tiny.ops.slice(0, 1);
  const outputs = [{ name: "output", tensor: ops[0]!.output }];
  assert.throws(() => planMemory({ ...tiny, tensors, ops, outputs, blocks: [] }), {
    code: "memory_exhausted",
  });
});
