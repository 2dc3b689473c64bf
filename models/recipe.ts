// A recipe: where a model comes from and how it is compiled, all that its own files leave open. The catalogue has those
// of the models that ship; anybody else's is a JSON file beside the model.
import type { BytesInput, DimensionLimits } from "./lower/lower.ts";

export interface Recipe {
  readonly name: string;
  /** Of tasks/; null for a model that takes and gives tensors. */
  readonly task: "moderate" | "embed" | "read-text" | null;
  readonly licence: string;
  readonly origin: Origin;
  /** nsfwjs: scripts whose values are model.json and base64 shards. tfjs: model.json and shards. onnx: one file. */
  readonly format: "nsfwjs" | "tfjs" | "onnx";
  /** Of the origin, in the order in which they are digested: the model, then its weight shards. */
  readonly files: readonly string[];
  /** Limits of the sizes that a request decides, by the name that the model gives them. */
  readonly dimensions: Readonly<Record<string, DimensionLimits>>;
  /** Inputs that arrive as bytes, by name: what one byte is worth in each channel, and what is added. */
  readonly bytes: Readonly<Record<string, BytesInput>>;
  /**
   * static: int8 activations with scales found by calibration. dynamic: rows of f32 quantized as they come. none: as the
   * model has it. What arrives quantized keeps its parameters in each.
   */
  readonly quantization: "static" | "dynamic" | "none";
  /** A layer whose signal would be less than this above the noise stays in f32. */
  readonly leastDecibel: number;
  /** argmax: the reply holds the best class and its probability instead of all of them. */
  readonly head: "argmax" | null;
  /** What the task needs on the asker's side: file of the artifact → file of the origin. */
  readonly taskFiles: Readonly<Record<string, string>>;
  readonly calibration: Calibration;
}

/** An npm package of one version, or a folder of this machine. */
export type Origin =
  | { readonly kind: "package"; readonly name: string; readonly version: string }
  | { readonly kind: "folder"; readonly path: string };

/** cli/artifacts/calibration.ts makes requests of it. */
export type Calibration =
  | { readonly kind: "photographs"; readonly packages: readonly string[]; readonly crops: number }
  | { readonly kind: "text-pictures"; readonly count: number }
  | { readonly kind: "sentences" }
  /** Folders of the origin with input_0.pb, input_1.pb, … each. */
  | { readonly kind: "tensors"; readonly folders: readonly string[] };
