// The text form of a secret key.

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { createSecretKey } from "../../protocol/ed25519.ts";
import { parseSecretKey } from "../../protocol/keys.ts";

test("reads a key as keygen writes it, with or without the end of the line", () => {
  const key = createSecretKey();
  assert.deepEqual(parseSecretKey(formatBase64Url(key)), key);
  assert.deepEqual(parseSecretKey(`${formatBase64Url(key)}\n`), key);
});

test("refuses anything else, and does not repeat it", () => {
  const text = formatBase64Url(createSecretKey());
  const wrong = [text.slice(1), `${text}A`, `${text}=`, text.replace(/^./, "+"), `${text} ${text}`, "mine"];
  for (const given of wrong) {
    assert.throws(
      () => parseSecretKey(given),
      (error: Error & { code?: string }) =>
        error.code === "text_malformed" && !error.message.includes(given) && error.cause === undefined,
      given,
    );
  }
  assert.throws(() => parseSecretKey(""), { code: "text_malformed" });
});
