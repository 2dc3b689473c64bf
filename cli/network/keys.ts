// Secret keys of a local network: made once, kept in files that only their owner can read.

import { type Bytes, formatBase64Url } from "../../protocol/bytes.ts";
import { createSecretKey } from "../../protocol/ed25519.ts";
import { parseSecretKey } from "../../protocol/keys.ts";
import { readTextIfPresent, writeSecretFile } from "../files.ts";
import { NetworkError } from "./errors.ts";

/** The Ed25519 seed in `path` (base64url text, mode 0600), made if absent. Throws NetworkError key_unreadable. */
export async function loadOrCreateSecretKey(path: string): Promise<Bytes> {
  const text = await readTextIfPresent(path);
  if (text === null) {
    const key = createSecretKey();
    await writeSecretFile(path, `${formatBase64Url(key)}\n`);
    return key;
  }
  try {
    return parseSecretKey(text);
  } catch (cause) {
    const message = `${path} is not a key in base64url; restore it, or remove it to get a new one`;
    throw new NetworkError("key_unreadable", message, { cause });
  }
}
