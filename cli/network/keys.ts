// Secret keys of a local network: made once, kept in files that only their owner can read.

import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Bytes, formatBase64Url, parseBase64Url } from "../../protocol/bytes.ts";
import { createSecretKey } from "../../protocol/ed25519.ts";
import { SECRET_KEY_BYTES } from "../../protocol/limits.ts";
import { NetworkError } from "./error.ts";
import { readFileIfPresent, writeFileAtomically } from "./files.ts";

/** The Ed25519 seed in `path` (base64url text, mode 0600), made if absent. Throws NetworkError key_unreadable. */
export async function loadOrCreateSecretKey(path: string): Promise<Bytes> {
  const text = await readFileIfPresent(path);
  if (text !== null) return parseSecretKey(path, text);
  const key = createSecretKey();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomically(path, `${formatBase64Url(key)}\n`, 0o600);
  return key;
}

function parseSecretKey(path: string, text: string): Bytes {
  const message = `${path} is not a key of ${SECRET_KEY_BYTES} bytes in base64url: restore it, or remove it to get a new one`;
  let key: Bytes;
  try {
    key = parseBase64Url(text.trim());
  } catch (error) {
    throw new NetworkError("key_unreadable", message, { cause: error });
  }
  if (key.length !== SECRET_KEY_BYTES) throw new NetworkError("key_unreadable", message);
  return key;
}
