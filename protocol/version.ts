// The version that opens every structure, and the times inside them.

import { DecodeError } from "./errors.ts";
import { PROTOCOL_VERSION } from "./limits.ts";

/** Up to the year 2200: a mistaken millisecond value is out of range. */
export const UNIX_SECONDS_RANGE = { min: 0, max: 7_258_118_400 } as const;
/** Up to the year 2200. */
export const UNIX_MILLISECONDS_RANGE = { min: 0, max: 7_258_118_400_000 } as const;

/** `title` names the structure in the message. Throws DecodeError `wrong_version`. */
export function readVersion(value: unknown, title: string): void {
  if (value !== PROTOCOL_VERSION)
    throw new DecodeError(
      "wrong_version",
      `${title} is not of protocol version ${PROTOCOL_VERSION}; update the older side`,
    );
}
