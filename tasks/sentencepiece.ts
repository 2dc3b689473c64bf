// SentencePiece's unigram model: the segmentation of a text into pieces whose scores add up to the most. It gives the
// tokens of the code that the models were published with, whose quirks are part of what the models were trained on.
import type { Bytes } from "../protocol/bytes.ts";
import { TaskError } from "./errors.ts";

/** Of a vocabulary file; the ones that exist have a few hundred kilobytes. */
const MAX_VOCABULARY_BYTES = 8 * 1024 * 1024;
const MAX_PIECES = 262_144;
const MAX_PIECE_CHARACTERS = 64;
/** The first pieces stand for the unknown, for control and for symbols that no text can spell. */
const RESERVED_PIECES = 6;
export const UNKNOWN = 0;
/** What a space is written as in pieces, also in front of the first word. */
export const SPACE = "\u2581";

/** Pieces as a tree: each step down is one code point. */
interface Node {
  readonly next: Map<string, Node>;
  /** −1 where the way down to here is no piece. */
  token: number;
  score: number;
}

export interface Vocabulary {
  readonly size: number;
  /** Those that texts spell, in their order in the file. */
  readonly pieces: readonly string[];
  readonly root: Node;
}

/**
 * Reads a vocabulary: UTF-8 JSON, `[[piece, score or null], …]`, whose order gives the tokens. A null counts as 0, and
 * of two equal pieces the later one is meant, as in the published code. Throws TaskError vocabulary_invalid.
 */
export function parseVocabulary(bytes: Bytes): Vocabulary {
  if (bytes.length > MAX_VOCABULARY_BYTES)
    throw invalid(`it has ${bytes.length} bytes, the limit is ${MAX_VOCABULARY_BYTES}`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("it is not JSON in UTF-8");
  }
  if (!Array.isArray(value) || value.length <= RESERVED_PIECES || value.length > MAX_PIECES)
    throw invalid(`it must be a list of ${RESERVED_PIECES + 1} to ${MAX_PIECES} pieces`);
  const root = createNode();
  const pieces: string[] = [];
  for (const [token, entry] of value.entries()) {
    const { piece, score } = readEntry(entry, token);
    if (token < RESERVED_PIECES) continue;
    insert(root, piece, token, score);
    pieces.push(piece);
  }
  return { size: value.length, pieces, root };
}

function readEntry(entry: unknown, token: number): { piece: string; score: number } {
  const [piece, score, ...rest] = Array.isArray(entry) ? (entry as unknown[]) : [];
  const isPiece = typeof piece === "string" && piece.length >= 1 && piece.length <= MAX_PIECE_CHARACTERS;
  const isScore = score === null || (typeof score === "number" && Number.isFinite(score));
  if (!isPiece || !isScore || rest.length > 0) throw invalid(`entry ${token} is no pair of piece and score`);
  // The published code steps back by UTF-16 units and forward by code points; where both agree there is no question.
  if (/[\ud800-\udfff]/.test(piece)) throw invalid(`piece ${token} goes beyond the basic multilingual plane`);
  return { piece, score: score ?? 0 };
}

function createNode(): Node {
  return { next: new Map(), token: -1, score: 0 };
}

function insert(root: Node, piece: string, token: number, score: number): void {
  let node = root;
  for (const symbol of piece) {
    const child = node.next.get(symbol) ?? createNode();
    node.next.set(symbol, child);
    node = child;
  }
  node.token = token;
  node.score = score;
}

/**
 * The tokens of a text, none for an empty one. Time is the text's length times the longest piece's; the caller bounds
 * the text.
 */
export function tokenize(text: string, { root }: Vocabulary): number[] {
  const normalized = text.normalize("NFKC");
  if (normalized === "") return [];
  const symbols = [...(SPACE + normalized.replaceAll(" ", SPACE))];
  // Of the best segmentation of the first `end` symbols: its score, its last token and that token's length.
  const best = new Float64Array(symbols.length + 1);
  const last = new Int32Array(symbols.length + 1).fill(UNKNOWN);
  const lengths = new Int32Array(symbols.length + 1).fill(1);
  const offer = (start: number, end: number, token: number, score: number) => {
    const total = score + best[start]!;
    // A score of 0 means nothing was offered yet, or only what is unknown, which costs nothing; of equals the last wins.
    if (best[end] !== 0 && total < best[end]!) return;
    best[end] = total;
    last[end] = token;
    lengths[end] = token === UNKNOWN ? 1 : end - start;
  };
  for (let start = 0; start < symbols.length; start++) {
    let isKnown = false;
    let node: Node | undefined = root;
    for (let end = start; end < symbols.length; ) {
      node = node.next.get(symbols[end++]!);
      if (node === undefined) break;
      if (node.token < 0) continue;
      isKnown = true;
      offer(start, end, node.token, node.score);
    }
    if (!isKnown) offer(start, start + 1, UNKNOWN, 0);
  }
  const tokens: number[] = [];
  for (let end = symbols.length; end > 0; end -= lengths[end]!) {
    const token = last[end]!;
    // Unknown symbols in a row are one token.
    if (token !== UNKNOWN || tokens.at(-1) !== UNKNOWN) tokens.push(token);
  }
  return tokens.reverse();
}

/** Whether a token of a text spells a part of it: neither the unknown nor a space alone. */
export function isSpelling(token: number, { pieces }: Vocabulary): boolean {
  return token !== UNKNOWN && pieces[token - RESERVED_PIECES] !== SPACE;
}

function invalid(what: string): TaskError {
  return new TaskError("vocabulary_invalid", `the vocabulary cannot be used: ${what}; build the model again`);
}
