import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeManifest, encodeManifest, type Manifest } from "../../engine/index.ts";
import { concatBytes, formatHex } from "../../protocol/bytes.ts";
import { encode } from "../../protocol/cbor.ts";
import { CodedError } from "../../protocol/errors.ts";
import { MAX_BLOCKS, MAX_TENSORS } from "../../protocol/limits.ts";
import { compileTiny } from "../models/compile-tiny.ts";

const bytes = (await compileTiny()).manifest;
const manifest = decodeManifest(bytes);

test("decodes to what encodes to the same bytes", () => {
  assert.equal(formatHex(encodeManifest(manifest)), formatHex(bytes));
});

test("refuses every truncation", () => {
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(
      () => decodeManifest(bytes.subarray(0, length)),
      { name: "DecodeError" },
      `${length} bytes`,
    );
  }
});

test("refuses a byte after the end", () => {
  assert.throws(() => decodeManifest(concatBytes(bytes, Uint8Array.of(0))), { name: "DecodeError" });
});

test("a changed byte is refused with a code or changes the manifest", () => {
  for (let offset = 0; offset < bytes.length; offset++) {
    const changed = Uint8Array.from(bytes);
    changed[offset]! ^= 1 << (offset % 8);
    try {
      assert.notEqual(
        formatHex(encodeManifest(decodeManifest(changed))),
        formatHex(bytes),
        `offset ${offset}`,
      );
    } catch (error) {
      assert.ok(error instanceof CodedError, `offset ${offset}: ${error}`);
    }
  }
});

const [port] = manifest.inputs;
const manyPorts = Array.from({ length: MAX_TENSORS + 1 }, () => port!);

const changes: [string, (manifest: Manifest) => Manifest, string][] = [
  ["chunks that do not fill the weights", (m) => ({ ...m, chunks: [] }), "manifest_invalid"],
  ["a block beyond the operations", (m) => ({ ...m, blocks: [999] }), "manifest_invalid"],
  ["blocks out of order", (m) => ({ ...m, blocks: [3, 2] }), "manifest_invalid"],
  ["an input port of no tensor", (m) => ({ ...m, inputs: [{ name: "x", tensor: 999 }] }), "manifest_invalid"],
  ["more inputs than a request has", (m) => ({ ...m, inputs: manyPorts }), "wrong_length"],
  ["more outputs than a reply has", (m) => ({ ...m, outputs: manyPorts }), "wrong_length"],
  [
    "more blocks than a trace has",
    (m) => ({ ...m, blocks: Array.from({ length: MAX_BLOCKS + 1 }, (_, block) => block) }),
    "wrong_length",
  ],
  [
    "an operation that reads past the weights",
    (m) => ({
      ...m,
      ops: m.ops.map((op) =>
        op.kind === "gemm"
          ? { ...op, attributes: { ...op.attributes, weights: { offset: m.memory.weights, bytes: 64 } } }
          : op,
      ),
    }),
    "manifest_invalid",
  ],
];
for (const [title, change, code] of changes) {
  test(`refuses ${title}`, () => {
    assert.throws(() => decodeManifest(encodeManifest(change(manifest))), { code });
  });
}

for (const [title, value, code] of [
  ["another version", [1, ...new Array(17).fill(0)], "wrong_version"],
  ["too few fields", [2, "name"], "wrong_length"],
  ["something that is no array", "manifest", "wrong_type"],
  ["more bytes than the limit", new Uint8Array(2 * 1024 * 1024), "too_large"],
] as const) {
  test(`refuses ${title}`, () => {
    assert.throws(() => decodeManifest(encode(value)), { name: "DecodeError", code });
  });
}

test("does not encode a number that 32 bits cannot hold", () => {
  const tensors = manifest.tensors.map((tensor) => ({ ...tensor, scale: 0.1 }));
  assert.throws(() => encodeManifest({ ...manifest, tensors }), RangeError);
});
