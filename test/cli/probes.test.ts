// Probes against a worker that knows the repository: the inputs that models are calibrated with, and how probes are made.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findRecipe } from "../../cli/artifacts/artifacts.ts";
import { readCalibration } from "../../cli/artifacts/calibration.ts";
import { swapElements } from "../../cli/asking/probe-pictures.ts";
import { prepareProbes } from "../../cli/asking/probes.ts";
import { type Bytes, equalBytes, formatHex } from "../../protocol/bytes.ts";
import { DTYPE_BYTES, type Tensor } from "../../protocol/tensor.ts";

const COUNT = 20;
const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** The elements of a tensor whatever their order. */
function sortElements({ dtype, data }: Tensor): Bytes {
  const copy = data.slice().buffer;
  if (DTYPE_BYTES[dtype] === 1) return new Uint8Array(copy).sort();
  assert.equal(DTYPE_BYTES[dtype], 4);
  return new Uint8Array(new Uint32Array(copy).sort().buffer);
}

/** Whether a worker that has all samples sees one of them in this. */
function isRecognised(probe: Tensor, samples: readonly Tensor[]): boolean {
  const elements = sortElements(probe);
  return samples.some((sample) => {
    const { length } = sample.data;
    if (length !== probe.data.length) return false;
    const differing = sample.data.filter((byte, index) => byte !== probe.data[index]).length;
    return (length > 1024 && differing < length / 2) || equalBytes(sortElements(sample), elements);
  });
}

for (const name of ["moderate-mobilenet-v2", "embed-use-lite", "ocr-recognise"])
  test(`no probe of ${name} is a calibration input, changed in part or in another order`, async () => {
    const recipe = findRecipe(name);
    const samples = (await readCalibration(recipe)).map(([input]) => input!);
    const createProbe = await prepareProbes(recipe);
    const probes = Array.from({ length: COUNT }, () => createProbe(random)[0]!);
    assert.equal(probes.filter((probe) => isRecognised(probe, samples)).length, 0);
    const distinct = new Set(probes.map(({ data }) => formatHex(data)));
    assert.equal(distinct.size, COUNT);
    // What the recogniser is worth: it finds the inputs of which some elements changed places.
    const swapped = swapElements(
      samples.map((sample) => [sample]),
      random,
    );
    assert.ok(isRecognised(swapped[0]!, samples));
  });

test("the client's randomness decides all of a probe", async () => {
  for (const name of ["moderate-mobilenet-v2", "embed-use-lite"]) {
    const createProbe = await prepareProbes(findRecipe(name));
    const seeded = (seed: number) => {
      let state = seed;
      const next = () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state >>> 24;
      };
      return createProbe((length) => Uint8Array.from({ length }, next))[0]!;
    };
    assert.ok(equalBytes(seeded(7).data, seeded(7).data));
    assert.ok(!equalBytes(seeded(7).data, seeded(8).data));
  }
});

test("probes of texts are of many lengths, none longer than the model reads", async () => {
  const createProbe = await prepareProbes(findRecipe("embed-use-lite"));
  const lengths = Array.from({ length: 300 }, () => createProbe(random)[0]!.shape[0]!);
  assert.ok(Math.max(...lengths) <= 128 && Math.min(...lengths) >= 1);
  assert.ok(new Set(lengths).size > 15);
});
