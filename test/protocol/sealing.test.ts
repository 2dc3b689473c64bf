import assert from "node:assert/strict";
import { test } from "node:test";
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from "hpke";
import { type Bytes, equalBytes, formatHex, parseHex } from "../../protocol/bytes.ts";
import { type CborValue, decode, encode } from "../../protocol/cbor.ts";
import { readPayload, signEnvelope } from "../../protocol/cose.ts";
import { MAX_RECORD_BYTES } from "../../protocol/limits.ts";
import { openRecord } from "../../protocol/record.ts";
import { encodeReply } from "../../protocol/reply.ts";
import { encodeRequest } from "../../protocol/request.ts";
import {
  createSealingKeyPair,
  decodeSealedRequest,
  openSealedRequest,
  RESPONSE_NONCE_BYTES,
  sealRequest,
} from "../../protocol/sealing.ts";
import { admitSealingKey } from "../../protocol/sealing-key.ts";
import { BLOCKS, createReceipt, createRequest, createWorker, NOW, OUTPUTS } from "./fixtures.ts";
import { sealWith } from "./hpke-sender.ts";
import { LOW_ORDER_KEYS } from "./low-order.ts";
import { readVectors } from "./vectors.ts";

const worker = await createWorker("a");
const { workerKey } = worker.opened.record;
const pair = worker.sealing;
const request = await createRequest("standard");
const content = encodeRequest(request);
const reply = encodeReply({
  receipt: await createReceipt(worker, request),
  outputs: OUTPUTS,
  blocks: BLOCKS,
});
const nonce = new Uint8Array(RESPONSE_NONCE_BYTES).fill(5);

function seal(to: { workerKey: Bytes; sealingKey: Bytes } = { workerKey, sealingKey: pair.publicKey }) {
  return sealRequest(content, request.sizeBucket, to);
}

function open(bytes: Bytes, by = pair, of = workerKey) {
  return openSealedRequest(decodeSealedRequest(bytes), by, of);
}

test("a request opens for its worker, and its answer for who asked", async () => {
  const sealed = await seal();
  const opened = await open(sealed.bytes);
  assert.deepEqual(opened.content, content);
  assert.equal(opened.bucket, request.sizeBucket);
  assert.deepEqual(await sealed.openReply(await opened.sealReply(reply, nonce)), reply);
});

test("the library opens the vector of RFC 9180, A.1.1, and a sender that is written from the RFC makes it", async () => {
  const hex = {
    ephemeralSeed: "7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234",
    seed: "6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037",
    info: "4f6465206f6e2061204772656369616e2055726e",
    plaintext: "4265617574792069732074727574682c20747275746820626561757479",
    aad: "436f756e742d30",
    enc: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
    ciphertext: "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
  };
  const [info, aad, plaintext] = [hex.info, hex.aad, hex.plaintext].map(parseHex) as [Bytes, Bytes, Bytes];
  const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);
  const recipient = await suite.DeriveKeyPair(parseHex(hex.seed));
  const context = await suite.SetupRecipient(recipient, parseHex(hex.enc), { info });
  assert.deepEqual(await context.Open(parseHex(hex.ciphertext), aad), plaintext);
  const to = { recipient: (await createSealingKeyPair(parseHex(hex.seed))).publicKey, info, aad, plaintext };
  const made = await sealWith(parseHex(hex.ephemeralSeed), to);
  assert.deepEqual([made.enc, made.ciphertext].map(formatHex), [hex.enc, hex.ciphertext]);
});

test("the pair of a seed is the one of RFC 9180, A.1", async () => {
  const seed = parseHex("6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037");
  const { publicKey } = await createSealingKeyPair(seed);
  const expected = "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d";
  assert.ok(equalBytes(publicKey, parseHex(expected)));
  await assert.rejects(createSealingKeyPair(seed.slice(1)), TypeError);
});

test("what is sealed twice looks different, and its length tells its bucket only", async () => {
  const [first, second] = [await seal(), await seal()];
  assert.notDeepEqual(first.bytes, second.bytes);
  const short = await sealRequest(Uint8Array.of(1), request.sizeBucket, {
    workerKey,
    sealingKey: pair.publicKey,
  });
  assert.equal(short.bytes.length, first.bytes.length);
});

test("nobody else opens it: another key, another worker, another exchange", async () => {
  const failed = { code: "unsealing_failed" };
  const other = await createWorker("b");
  const sealed = await seal();
  await assert.rejects(open(sealed.bytes, other.sealing), failed);
  await assert.rejects(open(sealed.bytes, pair, other.opened.record.workerKey), failed);
  const toOther = await seal({ workerKey, sealingKey: other.sealing.publicKey });
  await assert.rejects(open(toOther.bytes), failed);
  const answer = await (await open(sealed.bytes)).sealReply(reply, nonce);
  await assert.rejects((await seal()).openReply(answer), failed);
});

test("no byte of a sealed request or reply can be changed", async () => {
  const sealed = await seal();
  const answer = await (await open(sealed.bytes)).sealReply(reply, nonce);
  const open_ = async (bytes: Bytes) => open(bytes);
  for (const [bytes, read] of [
    [sealed.bytes, open_],
    [answer, (changed: Bytes) => sealed.openReply(changed)],
  ] as const) {
    for (const index of bytes.keys())
      if (index < 100 || index % 37 === 0)
        await assert.rejects(
          async () => read(bytes.with(index, bytes[index]! ^ 1) as Bytes),
          { code: /unsealing_failed|malformed|wrong_|not_canonical/ },
          `byte ${index}`,
        );
  }
});

test("keys of low order and second encodings are admitted nowhere", async () => {
  const secondEncodings = [
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
    "ff".repeat(32),
  ].map(parseHex);
  const hostile = [...LOW_ORDER_KEYS, ...secondEncodings];
  for (const key of hostile) {
    assert.throws(() => admitSealingKey(key), { code: "key_inadmissible" });
    const change = (record: typeof worker.opened.record) => ({ ...record, sealingKeys: [key] });
    // Neither signed nor, where somebody signs it without looking, opened.
    await assert.rejects(createWorker("c", { change }), { code: "key_inadmissible" });
    await assert.rejects(openRecord(await resignWith(key), { now: NOW }), { code: "key_inadmissible" });
  }
  admitSealingKey(pair.publicKey);
  assert.throws(() => admitSealingKey(pair.publicKey.slice(1)), TypeError);
  await openRecord(worker.opened.bytes, { now: NOW });
});

/** The worker's record with this sealing key, under the worker's own signature. */
async function resignWith(key: Bytes): Promise<Bytes> {
  const maxBytes = MAX_RECORD_BYTES;
  const payload = readPayload("record", worker.opened.bytes, maxBytes);
  const fields = decode(payload, { maxBytes, title: "It" }) as CborValue[];
  const { secretKey } = worker;
  return signEnvelope({ role: "record", secretKey, payload: encode(fields.with(11, [key])) });
}

test("of the Wycheproof vectors those that give no secret, or are not canonical, are refused", () => {
  const vectors = readVectors("x25519/wycheproof.json") as Wycheproof;
  const refusedFor = new Set(["ZeroSharedSecret", "NonCanonicalPublic"]);
  const cases = vectors.testGroups.flatMap(({ tests }) => tests);
  assert.ok(cases.length > 500);
  for (const { public: key, flags, tcId } of cases) {
    const admit = () => admitSealingKey(parseHex(key));
    if (flags.some((flag) => refusedFor.has(flag)))
      assert.throws(admit, { code: "key_inadmissible" }, `case ${tcId}`);
    else assert.doesNotThrow(admit, `case ${tcId}`);
  }
});

interface Wycheproof {
  readonly testGroups: readonly {
    readonly tests: readonly {
      readonly tcId: number;
      readonly public: string;
      readonly flags: readonly string[];
    }[];
  }[];
}
