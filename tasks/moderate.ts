// Image moderation: a picture becomes the tensor that is asked about, the model's output becomes an answer.
import type { Tensor } from "../protocol/tensor.ts";
import type { Classification } from "./classification.ts";
import { TaskError } from "./errors.ts";
import { type RgbImage, resizeImage } from "./image.ts";
import type { Task } from "./task.ts";

export const MODERATE_MODEL = "moderate-mobilenet-v2";
/** In the order of the model's output. */
export const MODERATE_LABELS = ["drawing", "hentai", "neutral", "porn", "sexy"] as const;
const SIDE = 224;
/** How far from 1 the probabilities of one picture may add up to; what rounding does is far below. */
const MAX_SUM_ERROR = 0.01;

export type ModerateLabel = (typeof MODERATE_LABELS)[number];

export interface ModerateAnswer extends Classification {
  readonly label: ModerateLabel;
  readonly probabilities: Readonly<Record<ModerateLabel, number>>;
}

/** The picture squeezed to (1, 224, 224, 3) bytes, as the model was trained: its proportions are not kept. */
export function encodeModerate(image: RgbImage): Tensor {
  return { dtype: "u8", shape: [1, SIDE, SIDE, 3], data: resizeImage(image, SIDE, SIDE).data };
}

/** Throws TaskError output_invalid. */
export function decodeModerate(outputs: readonly Tensor[]): ModerateAnswer {
  const [output] = outputs;
  if (output?.dtype !== "f32" || output.data.length !== 4 * MODERATE_LABELS.length || outputs.length !== 1) {
    throw new TaskError("output_invalid", `want one f32 tensor of ${MODERATE_LABELS.length} probabilities`);
  }
  const view = new DataView(output.data.buffer, output.data.byteOffset, output.data.byteLength);
  const values = MODERATE_LABELS.map((label, index) => [label, view.getFloat32(4 * index, true)] as const);
  // attacker-controlled: a quorum of liars, or whoever made a certificate, signs what it likes.
  if (values.some(([, share]) => !(share >= 0 && share <= 1)))
    throw new TaskError("output_invalid", "a probability is not from 0 to 1; do not rely on the answer");
  const sum = values.reduce((total, [, share]) => total + share, 0);
  if (Math.abs(sum - 1) > MAX_SUM_ERROR)
    throw new TaskError(
      "output_invalid",
      `the probabilities add up to ${sum}, not to 1; do not rely on the answer`,
    );
  const [label] = values.reduce((best, next) => (next[1] > best[1] ? next : best));
  return { label, probabilities: Object.fromEntries(values) as Record<ModerateLabel, number> };
}

export const MODERATE: Task<"picture", RgbImage, ModerateAnswer> = {
  name: "moderate",
  input: "picture",
  models: [MODERATE_MODEL],
  async run(image, { ask }) {
    return decodeModerate(await ask(MODERATE_MODEL, [encodeModerate(image)]));
  },
  decode: decodeModerate,
};
