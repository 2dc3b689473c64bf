import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeModerate, encodeModerate, MODERATE_LABELS } from "../../tasks/moderate.ts";

const probabilities = (...values: number[]) =>
  ({
    dtype: "f32",
    shape: [1, values.length],
    data: new Uint8Array(Float32Array.from(values).buffer),
  }) as const;

test("makes one tensor of 224 × 224 RGB bytes", () => {
  const tensor = encodeModerate({ width: 3, height: 2, data: new Uint8Array(18).fill(9) });
  assert.deepEqual(tensor.shape, [1, 224, 224, 3]);
  assert.equal(tensor.dtype, "u8");
  assert.ok(tensor.data.every((byte) => byte === 9));
});

for (const [index, label] of MODERATE_LABELS.entries()) {
  test(`names ${label} where its probability is the largest`, () => {
    const values = [0.1, 0.1, 0.1, 0.1, 0.1];
    values[index] = 0.6;
    const answer = decodeModerate([probabilities(...values)]);
    assert.equal(answer.label, label);
    assert.equal(answer.probabilities[label], Math.fround(0.6));
  });
}

test("takes shares that add up to 1 but for rounding", () => {
  assert.equal(decodeModerate([probabilities(0.5, 0.501, 0, 0, 0)]).label, "hentai");
});

for (const [title, outputs] of [
  ["no tensor", []],
  ["two tensors", [probabilities(1, 0, 0, 0, 0), probabilities(1, 0, 0, 0, 0)]],
  ["four probabilities", [probabilities(1, 0, 0, 0)]],
  ["a share above 1", [probabilities(0, 0, 1.5, 0, 0)]],
  ["a share below 0", [probabilities(1, 0, 0, 0, -0.5)]],
  ["a share below 0 in shares that add up to 1", [probabilities(0.75, 0.75, 0, 0, -0.5)]],
  ["nothing but zeros", [probabilities(0, 0, 0, 0, 0)]],
  ["shares that add up to more than 1", [probabilities(0.5, 0.52, 0, 0, 0)]],
  ["shares that add up to less than 1", [probabilities(0.5, 0.48, 0, 0, 0)]],
  ["no number", [probabilities(Number.NaN, 0, 0, 0, 1)]],
  ["bytes", [{ dtype: "u8", shape: [20], data: new Uint8Array(20) } as const]],
] as const) {
  test(`refuses ${title} as a result`, () => {
    assert.throws(() => decodeModerate(outputs), { code: "output_invalid" });
  });
}
