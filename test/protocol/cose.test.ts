import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes, formatHex, utf8 } from "../../protocol/bytes.ts";
import { type CborValue, decode, encode } from "../../protocol/cbor.ts";
import { encodeEnvelope, openEnvelope, type Role, signEnvelope } from "../../protocol/cose.ts";
import { publicKey, sign, verifySignature } from "../../protocol/ed25519.ts";
import { bytesFor } from "./fixtures.ts";
import { assertNoByteCanChange, assertStrict } from "./strictness.ts";

const secretKey = await bytesFor("signer");
const key = await publicKey(secretKey);
const payload = utf8("payload");
const maxBytes = 1024;

const sealed = await signEnvelope({ role: "receipt", secretKey, payload });
const [header, , , signature] = decode(sealed.slice(1), { maxBytes, title: "It" }) as [
  Uint8Array<ArrayBuffer>,
  unknown,
  unknown,
  Uint8Array<ArrayBuffer>,
];

test("an envelope is a tagged COSE_Sign1 with the header of a SCITT signed statement", async () => {
  assert.equal(sealed[0], 0xd2);
  const parameters = decode(header, { maxBytes, title: "It" }) as Map<number, unknown>;
  assert.deepEqual([...parameters.keys()], [1, 3, 4, 15]);
  assert.equal(parameters.get(1), -19);
  assert.equal(parameters.get(3), "application/vnd.quorate.receipt+cbor");
  assert.equal(formatHex(parameters.get(4) as Uint8Array), formatHex(key));
  const claims = parameters.get(15) as Map<number, unknown>;
  assert.deepEqual(
    [claims.get(1), claims.get(2)],
    [`quorate:${Buffer.from(key).toString("base64url")}`, "receipt"],
  );
});

test("the signature is over RFC 9052's Sig_structure with the role as external data", async () => {
  const toBeSigned = encode(["Signature1", header, utf8("quorate/1/receipt"), payload]);
  await verifySignature(key, toBeSigned, signature);
});

test("an envelope can be rebuilt from role, key, payload and signature", () => {
  assert.equal(formatHex(encodeEnvelope("receipt", { key, payload, signature })), formatHex(sealed));
});

const ROLES = ["delegation", "record", "receipt", "refusal", "judgement"] as const satisfies Role[];

test("one key may sign in several roles, and an envelope opens in its own role only", async () => {
  for (const own of ROLES) {
    const bytes = await signEnvelope({ role: own, secretKey, payload });
    const opened = await openEnvelope({ role: own, bytes, maxBytes });
    assert.deepEqual([opened.key, opened.payload].map(formatHex), [key, payload].map(formatHex));
    for (const role of ROLES.filter((other) => other !== own)) {
      await assert.rejects(openEnvelope({ role, bytes, maxBytes }), { code: "header_mismatch" });
      // With the header of the other role the signature no longer fits.
      const moved = encodeEnvelope(role, { key, payload, signature: opened.signature });
      await assert.rejects(openEnvelope({ role, bytes: moved, maxBytes }), { code: "signature_invalid" });
    }
  }
});

test("the role stands twice under a signature: in the header, and beside it where no parser of headers looks", async () => {
  for (const [inHeader, beside] of [
    ["receipt", "judgement"],
    ["judgement", "receipt"],
  ] as const) {
    const other = await signEnvelope({ role: inHeader, secretKey, payload });
    const [headerOf] = decode(other.slice(1), { maxBytes, title: "It" }) as [CborValue];
    const toBeSigned = encode(["Signature1", headerOf, utf8(`quorate/1/${beside}`), payload]);
    const forged = { key, payload, signature: await sign(secretKey, toBeSigned) };
    for (const role of [inHeader, beside])
      await assert.rejects(openEnvelope({ role, bytes: encodeEnvelope(role, forged), maxBytes }), {
        code: "signature_invalid",
      });
  }
});

test("no byte of an envelope can be changed", async () => {
  const open = (bytes: Uint8Array<ArrayBuffer>) => openEnvelope({ role: "receipt", bytes, maxBytes });
  assert.equal(await assertNoByteCanChange(sealed, open), 2 * sealed.length);
  await assertStrict(sealed, open);
});

test("a header that says more, less or something else is refused even under a good signature", async () => {
  const parameters = decode(header, { maxBytes, title: "It" }) as Map<number, CborValue>;
  const variants: [string, Map<number, CborValue>][] = [
    ["critical headers", new Map([...parameters, [2, [1]]])],
    ["EdDSA instead of Ed25519", new Map([...parameters, [1, -8]])],
    ["no claims", new Map([...parameters].filter(([label]) => label !== 15))],
    ["an unknown label", new Map([...parameters, [99, 0]])],
  ];
  for (const [title, variant] of variants) {
    const other = encode(variant);
    const toBeSigned = encode(["Signature1", other, utf8("quorate/1/receipt"), payload]);
    const fields = [other, new Map(), payload, await sign(secretKey, toBeSigned)];
    const bytes = concatBytes(Uint8Array.of(0xd2), encode(fields));
    await assert.rejects(
      openEnvelope({ role: "receipt", bytes, maxBytes }),
      { code: "header_mismatch" },
      title,
    );
  }
});

test("an unprotected header, a detached payload and a larger envelope are refused", async () => {
  const build = (fields: CborValue[]) => concatBytes(Uint8Array.of(0xd2), encode(fields));
  const open = (bytes: Uint8Array<ArrayBuffer>, limit = maxBytes) =>
    openEnvelope({ role: "receipt", bytes, maxBytes: limit });
  const extra = build([header, new Map([[4, key]]), payload, signature]);
  await assert.rejects(open(extra), { code: "wrong_type" });
  await assert.rejects(open(build([header, new Map(), null, signature])), { code: "wrong_type" });
  await assert.rejects(open(sealed, sealed.length - 1), { code: "too_large" });
});
