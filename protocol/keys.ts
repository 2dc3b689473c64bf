// The text form of a secret key, in files and in settings.

import { type Bytes, parseBase64Url } from "./bytes.ts";
import { DecodeError } from "./errors.ts";
import { SECRET_KEY_BYTES } from "./limits.ts";

/** An Ed25519 seed in base64url; white space around it does not count. Throws DecodeError `text_malformed`. */
export function parseSecretKey(text: string): Bytes {
  const key = decodeText(text.trim());
  if (key?.length === SECRET_KEY_BYTES) return key;
  // The text may be a secret with a typing error: neither the message nor the cause repeats it.
  throw new DecodeError(
    "text_malformed",
    `a secret key is ${SECRET_KEY_BYTES} bytes in base64url; make one with keygen`,
  );
}

function decodeText(text: string): Bytes | null {
  try {
    return parseBase64Url(text);
  } catch {
    return null;
  }
}
