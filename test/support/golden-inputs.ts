// Inputs of the golden table: the same bytes on every machine, from a photograph or from a seed.

import { judgingPages } from "../../cli/artifacts/calibration/text-images.ts";
import { readPhoto } from "../../cli/artifacts/photos.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { cropImage } from "../../tasks/image.ts";
import { encodeModerate } from "../../tasks/moderate.ts";
import { createTestInput } from "./requests.ts";

/** A photograph of a package, as the moderation models take it. */
export async function photograph(packageName: string): Promise<Tensor[]> {
  return [encodeModerate(await readPhoto(packageName))];
}

/** Pseudo-random bytes. */
export function noise(shape: readonly number[]): Tensor[] {
  return [createTestInput(shape)];
}

/** Nothing but 0 and 255, in a pseudo-random pattern: the largest values that the first layers can get. */
export function extremes(shape: readonly number[]): Tensor[] {
  const { data, ...rest } = createTestInput(shape);
  return [{ ...rest, data: data.map((value) => (value < 128 ? 0 : 255)) }];
}

/** The upper left of a rendered page of text. */
export async function textPicture(shape: readonly [number, number, number, number]): Promise<Tensor[]> {
  const [page] = await judgingPages(1);
  const [, height, width] = shape;
  const { data } = cropImage(page!.image, 0, 0, width, height);
  return [{ dtype: "u8", shape: [...shape], data }];
}

/** Tokens of a vocabulary of 8,002 pieces, spread over it. */
export function tokens(count: number): Tensor[] {
  const ids = Int32Array.from({ length: count }, (_, index) => (index * 1237 + 11) % 8002);
  return [{ dtype: "i32", shape: [count], data: new Uint8Array(ids.buffer) }];
}
