// The lines of a policy's file and the words in them, each read by what it should be. A fault names its line.

import { type Bytes, parseBase64Url } from "./bytes.ts";
import { admitKey } from "./ed25519.ts";
import { PolicyError } from "./errors.ts";
import { KEY_BYTES, MAX_POLICY_BYTES, MAX_SLUG_CHARACTERS } from "./limits.ts";
import { checkDomain } from "./names.ts";

/** One line that says something: its number in the file, and its words. */
export interface Line {
  readonly number: number;
  readonly words: readonly string[]; // never empty
}

/**
 * Policy: what ends a line, moves the cursor or turns writing around would show people another policy than the one that
 * is read, also in a comment.
 */
const UNPRINTABLE = /[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}]/u;

/** Lines without comments and spaces; empty ones are left out. Throws PolicyError `policy_malformed`. */
export function* readLines(bytes: Bytes): Generator<Line> {
  // attacker-controlled: a file from anywhere.
  if (bytes.length > MAX_POLICY_BYTES)
    throw new PolicyError(
      "policy_malformed",
      `the policy has ${bytes.length} bytes; the limit is ${MAX_POLICY_BYTES}`,
    );
  for (const [index, line] of decodeText(bytes).split("\n").entries()) {
    const text = line.replace(/\r$/, "");
    if (UNPRINTABLE.test(text))
      throw fault(index + 1, "it holds a character that is not printed; use text, spaces and tabs");
    const words = text
      .replace(/#.*/, "")
      .split(/[ \t]+/)
      .filter((word) => word !== "");
    if (words.length > 0) yield { number: index + 1, words };
  }
}

function decodeText(bytes: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PolicyError("policy_malformed", "the policy is not text in UTF-8; convert it", { cause });
  }
}

export function readDomain({ number }: Line, text: string): string {
  try {
    return checkDomain(text, quote(text));
  } catch (cause) {
    throw fault(number, `${quote(text)} is no lower-case domain name; write one such as example.org`, cause);
  }
}

export function readKey({ number }: Line, text: string): Bytes {
  try {
    const key = parseBase64Url(text);
    if (key.length !== KEY_BYTES) throw new RangeError(`${key.length} bytes`);
    admitKey(key);
    return key;
  } catch (cause) {
    throw fault(
      number,
      `${quote(text)} is no operator's public key; give ${KEY_BYTES} bytes in base64url`,
      cause,
    );
  }
}

export function readNumber(
  { number }: Pick<Line, "number">,
  title: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = /^(?:0|[1-9]\d{0,3})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw fault(number, `${title} is ${quote(text)}; it must be a number from ${min} to ${max}`);
}

export function expectWords({ number, words }: Line, count: number, form: string): readonly string[] {
  if (words.length === count) return words;
  throw fault(number, `${words.length - 1} words after ${words[0]}; the form is: ${form}`);
}

export function checkCount({ number }: Line, what: string, count: number, limit: number): void {
  if (count > limit) throw fault(number, `more than ${limit} ${what}; the limit is ${limit}`);
}

export function fault(line: number, what: string, cause?: unknown): PolicyError {
  return new PolicyError("policy_malformed", `line ${line} of the policy: ${what}`, { cause });
}

/** Printable and short, whatever the file holds. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, MAX_SLUG_CHARACTERS).replace(/[^\x20-\x7e]/g, "?"));
}
