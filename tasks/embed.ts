// Text embedding: a text becomes tokens, the model makes 512 numbers of them, and texts that mean the same point in
// the same direction.
import type { Tensor } from "../protocol/tensor.ts";
import { TaskError } from "./errors.ts";
import { isSpelling, parseVocabulary, tokenize, UNKNOWN, type Vocabulary } from "./sentencepiece.ts";
import type { Task } from "./task.ts";

export const EMBED_MODEL = "embed-use-lite";
/** Of the model's artifact: its pieces and their scores. */
export const VOCABULARY_FILE = "vocabulary.json";
const EMBEDDING_SIZE = 512;
/** Where the model clips: it never reads what comes after. */
export const MAX_TOKENS = 128;
/** Far beyond 128 tokens of any script; bounds the work on a text that is too long anyway. */
export const MAX_TEXT_CHARACTERS = 65_536;
/** One to embed, or two to compare. */
const MAX_TEXTS = 2;
/** Of a text, in what is said about it. */
const SHOWN_CHARACTERS = 40;

export interface EmbedAnswer {
  /** 512 numbers for each text. */
  readonly embeddings: readonly (readonly number[])[];
  /** Of two texts: 1 for the same direction, 0 for nothing in common. Null for one text. */
  readonly cosine: number | null;
  /** Why the numbers may say little; in words, for people. */
  readonly warnings: readonly string[];
}

/** The tokens of a text as i32 of [n], 1 ≤ n ≤ 128. Throws TaskError text_empty, text_too_long, text_unknown. */
export function encodeEmbed(text: string, vocabulary: Vocabulary): Tensor {
  if (text.length > MAX_TEXT_CHARACTERS)
    throw new TaskError(
      "text_too_long",
      `the text has ${text.length} characters, the limit is ${MAX_TEXT_CHARACTERS}; embed its parts`,
    );
  const tokens = text.trim() === "" ? [] : tokenize(text, vocabulary);
  if (tokens.length === 0) throw new TaskError("text_empty", "the text is empty; give it some words");
  // Policy: the published code drops the rest without a word.
  if (tokens.length > MAX_TOKENS)
    throw new TaskError(
      "text_too_long",
      `the text has ${tokens.length} tokens, the model reads ${MAX_TOKENS}; embed its parts`,
    );
  // Policy: the tokens of such a text are those of any other of as many words, and so would be its certificate.
  if (!tokens.some((token) => isSpelling(token, vocabulary)))
    throw new TaskError(
      "text_unknown",
      `nothing of ${quote(text)} is in the model's vocabulary, which is of English; give it English words`,
    );
  const data = new Uint8Array(4 * tokens.length);
  const view = new DataView(data.buffer);
  for (const [index, token] of tokens.entries()) view.setInt32(4 * index, token, true);
  return { dtype: "i32", shape: [tokens.length], data };
}

/** Null where the vocabulary spells more than half of the words. */
function warnOfUnknown(text: string, vocabulary: Vocabulary): string | null {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const unknown = words.filter((word) => tokenize(word, vocabulary).includes(UNKNOWN));
  if (2 * unknown.length < words.length) return null;
  const share = `${unknown.length} of ${words.length} words of ${quote(text)}`;
  return `${share} are not wholly in the model's vocabulary, which is of English; its embedding says little`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}

/** One text's answer. Throws TaskError output_invalid. */
export function decodeEmbed(outputs: readonly Tensor[]): EmbedAnswer {
  return { embeddings: [readEmbedding(outputs)], cosine: null, warnings: [] };
}

function readEmbedding(outputs: readonly Tensor[]): number[] {
  const [output] = outputs;
  if (output?.dtype !== "f32" || output.data.length !== 4 * EMBEDDING_SIZE || outputs.length !== 1)
    throw new TaskError("output_invalid", `want one f32 tensor of ${EMBEDDING_SIZE} numbers`);
  const view = new DataView(output.data.buffer, output.data.byteOffset, output.data.byteLength);
  return Array.from({ length: EMBEDDING_SIZE }, (_, index) => view.getFloat32(4 * index, true));
}

/** 0 where one of the two is nothing but zeros. */
export function cosineOf(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, index) => sum + value * y[index]!, 0);
  const length = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
  return length === 0 ? 0 : dot(a, b) / length;
}

export const EMBED: Task<"text", readonly string[], EmbedAnswer> = {
  name: "embed",
  input: "text",
  models: [EMBED_MODEL],
  async run(texts, { ask, readFile }) {
    if (texts.length < 1 || texts.length > MAX_TEXTS)
      throw new TaskError("text_count", `there are ${texts.length} texts; give one, or two to compare`);
    const vocabulary = parseVocabulary(await readFile(EMBED_MODEL, VOCABULARY_FILE));
    // All of them before anybody is asked, so that a text too long costs no request.
    const inputs = texts.map((text) => encodeEmbed(text, vocabulary));
    const embeddings = await Promise.all(
      inputs.map(async (input) => readEmbedding(await ask(EMBED_MODEL, [input]))),
    );
    const [first, second] = embeddings;
    return {
      embeddings,
      cosine: first && second ? cosineOf(first, second) : null,
      warnings: texts.flatMap((text) => warnOfUnknown(text, vocabulary) ?? []),
    };
  },
  decode: decodeEmbed,
};
