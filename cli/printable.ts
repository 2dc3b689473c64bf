// What others chose, file names among it, as part of a line on a terminal.

/** Control characters, what steers the direction of text or is not seen, and line breaks of every kind. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** With `\u{1b}` for each such character, so that a name cannot pass for lines of ours. Twice is as once. */
export function escapeUnprintable(text: string): string {
  // attacker-controlled: whoever sends a file chooses its name.
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
