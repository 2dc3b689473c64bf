// Texts that nobody wrote: pieces of a model's vocabulary, the first ones of it, which people use most, most often.

import { drawBelow } from "../../client/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { SPACE, type Vocabulary } from "../../tasks/sentencepiece.ts";

/** Side by side they may be other pieces, and more of them; this many stay below the 128 that a model reads. */
const MAX_PIECES = 31;
/** Of the first piece, by Zipf's law: the one at place n has 1/n of it. */
const LARGEST_SHARE = 2 ** 20;

interface Piece {
  readonly text: string;
  readonly end: number; // where its share of 0 to the last one's end ends
}

/** Each with its share: a vocabulary has its pieces by how often they are used. */
export function weighPieces({ pieces }: Vocabulary): Piece[] {
  let end = 0;
  return pieces.map((text, index) => {
    end += Math.ceil(LARGEST_SHARE / (index + 1));
    return { text, end };
  });
}

/** 1 to 31 pieces, words and parts of words, the first one the beginning of a word. */
export function writeText(pieces: readonly Piece[], random: (length: number) => Bytes): string {
  const count = 1 + drawBelow(MAX_PIECES, random);
  const drawn: string[] = [];
  while (drawn.length < count) {
    const { text } = drawPiece(pieces, random);
    if (drawn.length > 0 || /^\u2581\p{L}/u.test(text)) drawn.push(text);
  }
  return drawn.join("").replaceAll(SPACE, " ").trim();
}

function drawPiece(pieces: readonly Piece[], random: (length: number) => Bytes): Piece {
  const place = drawBelow(pieces.at(-1)!.end, random);
  return pieces.find(({ end }) => place < end)!;
}
