// The JSON files in the state folder of a local network. Somebody may have edited or damaged them.

import { readTextIfPresent } from "../files.ts";
import { NetworkError } from "./errors.ts";

/**
 * What `parse` makes of the JSON in the file; null where there is none. Whatever `parse` throws becomes NetworkError
 * state_damaged, so that nothing of such a file is believed.
 */
export async function readStateFile<T>(path: string, parse: (value: unknown) => T): Promise<T | null> {
  const text = await readTextIfPresent(path);
  if (text === null) return null;
  try {
    return parse(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NetworkError(
      "state_damaged",
      `${path} is damaged (${reason}); stop the network if it runs, remove the file and start again`,
      { cause },
    );
  }
}

/** The text of a state file. */
export function formatState(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Throws TypeError if `value` is no JSON object. */
export function readObject(value: unknown, title: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new TypeError(`${title} is no object`);
}

/** Throws TypeError if `value` is no JSON array. */
export function readArray(value: unknown, title: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${title} is no array`);
}

/** Throws TypeError if `value` is no string. */
export function readText(value: unknown, title: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${title} is no text`);
}

/** Throws TypeError if `value` is no whole number from 1 to `max`. */
export function readNumber(value: unknown, title: string, max: number): number {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max) return Number(value);
  throw new TypeError(`${title} is no whole number from 1 to ${max}`);
}
