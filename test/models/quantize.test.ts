import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooseQuantization } from "../../models/quantize/range.ts";
import { HISTOGRAM_BINS, type Statistics } from "../../models/quantize/statistics.ts";
import { quantizeLayer } from "../../models/quantize/weights.ts";

const SEED = { seed: 20260101, numRuns: 200 };

function statisticsOf(min: number, max: number, count: (bin: number) => number): Statistics {
  const histogram = Float64Array.from({ length: HISTOGRAM_BINS }, (_, bin) => count(bin));
  return { min, max, means: new Float64Array(1), histogram };
}

test("keeps zero exact, whatever the range", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e4, max: 0, noNaN: true }),
      fc.double({ min: 0, max: 1e4, noNaN: true }),
      (min, max) => {
        fc.pre(max - min > 1e-6);
        const { scale, zeroPoint } = chooseQuantization(statisticsOf(min, max, () => 1));
        assert.ok(Number.isInteger(zeroPoint) && zeroPoint >= -128 && zeroPoint <= 127);
        assert.ok(scale > 0 && Math.fround(scale) === scale);
      },
    ),
    SEED,
  );
});

test("covers the whole range of evenly spread values", () => {
  const { scale, zeroPoint } = chooseQuantization(statisticsOf(0, 6, () => 1));
  assert.ok(Math.abs(scale - 6 / 255) < 0.03 * (6 / 255), `${scale}`);
  assert.equal(zeroPoint, -128);
});

test("gives up one outlier to be finer where the values are", () => {
  const { scale } = chooseQuantization(
    statisticsOf(0, 100, (bin) => (bin < HISTOGRAM_BINS / 2 ? 1000 : bin === HISTOGRAM_BINS - 1 ? 1 : 0)),
  );
  assert.ok(scale < 60 / 255, `${scale}`);
});

test("a tensor that is always zero has scale 1", () => {
  assert.deepEqual(chooseQuantization(statisticsOf(0, 0, () => 1)), { scale: 1, zeroPoint: 0 });
});

const INPUT = { scale: 0.02, zeroPoint: -128, offset: 0, mean: () => 0 };

test("an int8 layer computes the real layer within half a step of each weight", () => {
  const value = fc.double({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 4, maxLength: 64 }),
      value,
      fc.integer({ min: -128, max: 127 }),
      (row, bias, q) => {
        const layer = {
          outputs: 1,
          inputs: row.length,
          weights: Float32Array.from(row),
          bias: Float32Array.of(bias),
        };
        const { weights, bias: quantizedBias, scale } = quantizeLayer(layer, INPUT, 1);
        const x = (q - INPUT.zeroPoint) * INPUT.scale;
        const real = layer.weights.reduce((sum, weight) => sum + weight * x, layer.bias[0]!);
        const accumulator = weights.reduce((sum, weight) => sum + weight * q, quantizedBias[0]!);
        const step = scale[0]! / INPUT.scale;
        const bound = row.length * (step / 2) * Math.abs(x) + scale[0]! + 1e-4;
        assert.ok(
          Math.abs(accumulator * scale[0]! - real) <= bound,
          `${accumulator * scale[0]!} for ${real} ± ${bound}`,
        );
      },
    ),
    SEED,
  );
});

test("takes the average error of the rounded weights out of the bias", () => {
  const layer = {
    outputs: 1,
    inputs: 3,
    weights: Float32Array.of(1, 0.0039, 0.0039),
    bias: Float32Array.of(0),
  };
  const corrected = quantizeLayer(layer, { ...INPUT, mean: () => 2 }, 1);
  const plain = quantizeLayer(layer, INPUT, 1);
  // Rounding to 1/127 steps loses 0.0039 twice (each rounds to 0): 2 · 2 · 0.0039 has to come back through the bias.
  const returned = (corrected.bias[0]! - plain.bias[0]!) * corrected.scale[0]!;
  assert.ok(Math.abs(returned - 2 * 2 * 0.0039) < corrected.scale[0]!, `${returned}`);
});

test("a channel of zero weights keeps its bias", () => {
  const layer = { outputs: 1, inputs: 2, weights: new Float32Array(2), bias: Float32Array.of(1.5) };
  const { bias, scale } = quantizeLayer(layer, INPUT, 1);
  assert.ok(Math.abs(bias[0]! * scale[0]! - 1.5) < 1e-6);
});

test("a bias that is huge beside its weights still fits 32 bits", () => {
  const layer = { outputs: 1, inputs: 2, weights: Float32Array.of(1e-9, -1e-9), bias: Float32Array.of(5) };
  const { bias, scale } = quantizeLayer(layer, INPUT, 1);
  assert.ok(Math.abs(bias[0]! * scale[0]! - 5) < 1e-6);
  assert.ok(Math.abs(bias[0]!) <= 2 ** 30);
});
