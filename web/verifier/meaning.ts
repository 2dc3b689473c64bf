// What the outputs of a model mean, in words. Which model it was, its name says, and the page knows that from whoever
// made it: a certificate has only a digest.

import type { Tensor } from "../../protocol/tensor.ts";
import { decodeEmbed, EMBED_MODEL } from "../../tasks/embed.ts";
import { TaskError } from "../../tasks/errors.ts";
import { decodeModerate, MODERATE_MODEL } from "../../tasks/moderate.ts";
import { DETECT_MODEL } from "../../tasks/read-text/detect.ts";
import { ORIENT_MODEL } from "../../tasks/read-text/orient.ts";
import { readFloats, readIntegers } from "../../tasks/read-text/outputs.ts";
import { RECOGNISE_MODEL } from "../../tasks/read-text/recognise.ts";

/** Model digest in hex → its name on the machine that made the page. */
export type ModelNames = Readonly<Record<string, string>>;

export interface Meaning {
  readonly words: string;
  /** Label and percent, of a model that chooses among labels. */
  readonly shares: readonly (readonly [string, string])[];
}

type Reader = (outputs: readonly Tensor[]) => Meaning | null;

/** What a model gives: probabilities are f32 from 0 to 1, numbers of characters i32 from 0. Null is any size. */
type Form = readonly [dtype: "f32" | "i32", shape: readonly (number | null)[]];

const READERS: ReadonlyMap<string, Reader> = new Map([
  [MODERATE_MODEL, readModerate],
  [EMBED_MODEL, readEmbed],
  [
    DETECT_MODEL,
    explain("how likely each point of a picture is part of a text", ["f32", [1, 1, null, null]]),
  ],
  [
    ORIENT_MODEL,
    explain("how likely each line of a text is upright, and how likely it stands on its head", [
      "f32",
      [null, 2],
    ]),
  ],
  [
    RECOGNISE_MODEL,
    explain(
      "which character of the model's list is at each place of a line, and how likely it is",
      ["i32", [null, null]],
      ["f32", [null, null]],
    ),
  ],
]);

/**
 * Null where the model has no name or one of somebody's own, and where the outputs are none of such a model.
 * attacker-controlled: whoever has keys signs what they like.
 */
export function readMeaning(name: string | undefined, outputs: readonly Tensor[]): Meaning | null {
  try {
    return READERS.get(name ?? "")?.(outputs) ?? null;
  } catch (error) {
    if (error instanceof TaskError) return null;
    throw error;
  }
}

function readModerate(outputs: readonly Tensor[]): Meaning {
  const { label, probabilities } = decodeModerate(outputs);
  return {
    words: `${label}, ${formatPercent(probabilities[label])}`,
    shares: Object.entries(probabilities).map(([each, share]) => [each, formatPercent(share)]),
  };
}

function readEmbed(outputs: readonly Tensor[]): Meaning {
  const [embedding] = decodeEmbed(outputs).embeddings;
  return { words: `a text embedding, ${embedding!.length} numbers`, shares: [] };
}

/** Null for outputs of other forms. */
function explain(words: string, ...forms: readonly Form[]): Reader {
  return (outputs) => {
    const isOfForms =
      outputs.length === forms.length && forms.every((form, index) => isOf(form, outputs[index]!));
    return isOfForms ? { words, shares: [] } : null;
  };
}

function isOf([dtype, sizes]: Form, output: Tensor): boolean {
  const { shape } = output;
  if (output.dtype !== dtype || shape.length !== sizes.length) return false;
  if (!sizes.every((size, axis) => size === null || size === shape[axis])) return false;
  if (dtype === "i32") return readIntegers(output, shape).every((value) => value >= 0);
  return readFloats(output, shape).every((value) => value >= 0 && value <= 1);
}

function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
