// Text embeddings against the float original on TensorFlow.js: direction and time.
import type { GraphModel } from "@tensorflow/tfjs-converter";
import { findRecipe, loadArtifact, readTaskFile } from "../cli/artifacts/artifacts.ts";
import { readTfjsSource } from "../cli/artifacts/sources.ts";
import type { Model } from "../engine/index.ts";
import { cosineOf, decodeEmbed, EMBED_MODEL, encodeEmbed, VOCABULARY_FILE } from "../tasks/embed.ts";
import { parseVocabulary } from "../tasks/sentencepiece.ts";
import { compareTimes, interleave, judge, quantile, type Row } from "./report.ts";
import { createRequest } from "./requests.ts";
import { embedTfjs, loadTfjs } from "./tfjs.ts";

const RUNS = { count: 41, warmUp: 8 };
const SUBJECTS = [
  "The committee",
  "My neighbour's dog",
  "A small startup",
  "Nobody here",
  "The old lighthouse",
];
const VERBS = ["postponed", "never liked", "has finally repaired", "was asked about"];
const OBJECTS = [
  "the annual budget.",
  "loud music at night!",
  "its broken signal lamp",
  "réservations à l’étranger?",
];

async function open(): Promise<{ model: Model; original: GraphModel }> {
  const entry = findRecipe(EMBED_MODEL);
  return {
    model: await loadArtifact(entry.name, "simd128"),
    original: await loadTfjs(await readTfjsSource(entry)),
  };
}

const tokensOf = ({ data }: { readonly data: Uint8Array<ArrayBuffer> }) =>
  new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);

export async function benchEmbeddingAccuracy(): Promise<Row[]> {
  const { model, original } = await open();
  const vocabulary = parseVocabulary(await readTaskFile(findRecipe(EMBED_MODEL), VOCABULARY_FILE));
  const cosines: number[] = [];
  for (const subject of SUBJECTS) {
    for (const verb of VERBS) {
      for (const object of OBJECTS) {
        const input = encodeEmbed(`${subject} ${verb} ${object}`, vocabulary);
        const ours = decodeEmbed(model.execute([input]));
        cosines.push(cosineOf(ours.embeddings[0]!, [...(await embedTfjs(original, tokensOf(input)))]));
      }
    }
  }
  const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
  return [
    judge(
      `embedding, cosine to the float original, mean of ${cosines.length} sentences`,
      mean,
      "",
      "at least",
      0.995,
    ),
    judge("embedding, cosine to the float original, worst", Math.min(...cosines), "", "at least", 0.98),
  ];
}

export async function benchEmbeddings(): Promise<Row[]> {
  const { model, original } = await open();
  const rows: Row[] = [];
  for (const count of [16, 128]) {
    const input = createRequest("i32", [count]);
    const tokens = tokensOf(input);
    const [ours, theirs] = await interleave(
      [() => model.execute([input]), () => embedTfjs(original, tokens)],
      RUNS,
    );
    const name = `text embedding, ${count} tokens`;
    rows.push(compareTimes(name, quantile(ours!, 0.5), "tfjs-backend-wasm", quantile(theirs!, 0.5), 3.3));
  }
  return rows;
}
