// Inputs of the golden table: the same bytes on every machine, from a photograph or from a seed.

import { readPhoto } from "../../cli/sources.ts";
import type { Tensor } from "../../protocol/tensor.ts";
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
