import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createProbe } from "../../cli/probes.ts";
import type { Tensor } from "../../protocol/tensor.ts";

const tokens: Tensor = {
  dtype: "i32",
  shape: [64],
  data: new Uint8Array(Int32Array.from({ length: 64 }, (_, index) => 1000 + index).buffer),
};
const other: Tensor = { dtype: "u8", shape: [1], data: Uint8Array.of(9) };

test("a probe has the elements of a sample in another order, and leaves the sample as it was", () => {
  const kept = tokens.data.slice();
  fc.assert(
    fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 255 })), (stream) => {
      const random = (length: number) => Uint8Array.from({ length }, () => stream.next().value!);
      const [probe, rest] = createProbe([[tokens, other]], random);
      const elements = [...new Int32Array(probe!.data.slice().buffer)];
      assert.deepEqual(elements.toSorted(), [...new Int32Array(kept.buffer)]);
      assert.equal(rest, other);
      assert.deepEqual(tokens.data, kept);
    }),
    { seed: 3, numRuns: 50 },
  );
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  assert.notDeepEqual(createProbe([[tokens]], random), createProbe([[tokens]], random));
});
