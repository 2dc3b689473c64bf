import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeManifest, type Manifest, type Op, planMemory, tensorBytes } from "../../engine/index.ts";
import { compileTiny } from "../models/compile-tiny.ts";

const tiny = decodeManifest((await compileTiny()).manifest);

const addition = (a: number, b: number, output: number): Op => ({
  kind: "add",
  inputs: [a, b],
  outputs: [output],
  attributes: { min: -128, max: 127 },
});

/** A graph of additions: each operation reads two earlier values of its own size. */
const programs = fc
  .array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 40 })
  .map((choices): Manifest => {
    const tensor = { dtype: "qs8", shape: [40], scale: 1, zeroPoint: 0, storage: null } as const;
    const tensors = [tensor, ...choices.map(() => tensor)];
    const ops = choices.map(([a, b], index) => addition(a % (index + 1), b % (index + 1), index + 1));
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
      const { offsets, arenaBytes, bound } = planMemory(manifest);
      const lastUse = manifest.tensors.map((_, tensor) =>
        Math.max(...manifest.ops.map((op, time) => (op.inputs.includes(tensor) ? time : -1)), tensor - 1),
      );
      lastUse[manifest.ops.length] = manifest.ops.length;
      for (const [a, start] of offsets.entries()) {
        const end = start + tensorBytes(bound.tensors[a]!);
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
  const ops = chain.map(([a, b], index) => addition(a, b, index + 1));
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

interface OpChange {
  readonly inputs?: readonly number[];
  readonly outputs?: readonly number[];
  readonly attributes?: object;
}

const withOp = (index: number, { attributes, ...change }: OpChange): Manifest => ({
  ...tiny,
  ops: tiny.ops.map((op, at) =>
    at === index ? ({ ...op, ...change, attributes: { ...op.attributes, ...attributes } } as Op) : op,
  ),
});

const outputOf = (index: number) => tiny.ops[index]!.outputs[0]!;

const refusals: [string, Manifest][] = [
  ["an operation that reads what nobody wrote", withOp(1, { inputs: [outputOf(4)] })],
  ["a tensor that is written twice", withOp(2, { outputs: [outputOf(1)] })],
  ["an operation that writes the input", withOp(0, { outputs: [tiny.inputs[0]!.tensor] })],
  ["a tensor that does not exist", withOp(1, { inputs: [77] })],
  ["a stride of 0", withOp(1, { attributes: { strides: [0, 1] } })],
  ["an empty kernel", withOp(1, { attributes: { kernel: [0, 3] } })],
  ["a pad wider than the kernel", withOp(1, { attributes: { pads: [3, 1] } })],
  ["a window outside the input", withOp(1, { attributes: { strides: [9, 9] } })],
  ["a convolution between types", withOp(1, { outputs: [outputOf(tiny.ops.length - 1)] })],
  ["a sum of different sizes", withOp(4, { inputs: [outputOf(3), tiny.inputs[0]!.tensor] })],
  ["a softmax of integers", withOp(7, { inputs: [outputOf(5)] })],
];
for (const [title, manifest] of refusals) {
  test(`refuses ${title}`, () => {
    assert.throws(() => planMemory(manifest), { name: "InferenceError", code: "manifest_invalid" });
  });
}

test("refuses a model that would not fit an isolate, before anything is allocated", () => {
  const tensors = tiny.tensors.map((tensor, index) =>
    index === tiny.inputs[0]!.tensor || index === outputOf(0)
      ? { ...tensor, shape: [1, 9, 9, 3_000_000] }
      : tensor,
  );
  const ops = tiny.ops.slice(0, 1);
  const outputs = [{ name: "output", tensor: outputOf(0) }];
  assert.throws(() => planMemory({ ...tiny, tensors, ops, outputs, blocks: [] }), {
    code: "memory_exhausted",
  });
});
