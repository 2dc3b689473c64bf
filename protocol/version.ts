// The version and the times that open every structure.

import { DecodeError } from "./errors.ts";
import { PROTOCOL_VERSION } from "./limits.ts";

export const VERSION = PROTOCOL_VERSION;

/** Unix seconds up to the year 2200: a mistaken millisecond value is out of range. */
export const SECONDS = { min: 0, max: 7_258_118_400 } as const;
/** Unix milliseconds up to the year 2200. */
export const MILLISECONDS = { min: 0, max: 7_258_118_400_000 } as const;

/** Throws DecodeError `wrong_version`. */
export function readVersion(value: unknown, title: string): void {
  if (value !== VERSION)
    throw new DecodeError(
      "wrong_version",
      `${title} is not of protocol version ${VERSION}. Update the older side.`,
    );
}
