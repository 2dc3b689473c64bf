// The models that ship: where their weights come from and how they are compiled. The weights themselves are never here.
import type { BytesInput, DimensionLimits } from "./lower/lower.ts";

export interface CatalogueEntry {
  readonly name: string;
  readonly task: "moderate" | "embed" | "read-text";
  readonly licence: string;
  readonly package: string;
  readonly version: string;
  /** nsfwjs: scripts whose values are model.json and base64 shards. tfjs: model.json and shards. onnx: one file. */
  readonly format: "nsfwjs" | "tfjs" | "onnx";
  /** Files of the package, in the order in which they are digested: the model, then its weight shards. */
  readonly files: readonly string[];
  /** Limits of the sizes that a request decides, by the name that the model gives them. */
  readonly dimensions: Readonly<Record<string, DimensionLimits>>;
  /** Inputs that arrive as bytes, by name: what one byte is worth in each channel, and what is added. */
  readonly bytes: Readonly<Record<string, BytesInput>>;
  /** static: int8 activations with scales found by calibration. dynamic: rows of f32 quantized as they come. */
  readonly quantization: "static" | "dynamic";
  /** A layer whose signal would be less than this above the noise stays in f32. */
  readonly leastDecibel: number;
  /** argmax: the reply holds the best class and its probability instead of all of them. */
  readonly head: "argmax" | null;
  /** What the task needs on the asker's side: file of the artifact → file of the package. */
  readonly taskFiles: Readonly<Record<string, string>>;
  readonly calibration: Calibration;
}

/** cli/calibration.ts makes requests of it. */
export type Calibration = {
  readonly kind: "photographs";
  readonly packages: readonly string[];
  readonly crops: number;
};

const fixed = (size: number): DimensionLimits => ({ min: size, max: size, multiple: 1 });

export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: "moderate-mobilenet-v2",
    task: "moderate",
    licence: "MIT",
    package: "nsfwjs",
    version: "4.4.0",
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
];
