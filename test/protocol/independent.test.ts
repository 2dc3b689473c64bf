// docs/protocol.md is enough: a verifier that was written from it alone, in test/protocol/independent, reads the worked
// example as a stranger would and refuses it once any byte is changed.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { read, type Value, write } from "./independent/cbor.ts";
import { openCertificateFile } from "./independent/certificate-file.ts";
import { digest } from "./independent/envelope.ts";
import { openEvidence, openFaultProof } from "./independent/evidence.ts";
import { encodePolicy } from "./independent/policy.ts";
import { openReceipt, openRefusal } from "./independent/receipt.ts";
import { isLinked } from "./independent/record.ts";
import { openSealedRequest, sealingKeyOf } from "./independent/sealed.ts";

const FOLDER = fileURLToPath(new URL("independent/", import.meta.url));
const document = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const example = new Map(
  [...document.matchAll(/```hex ([a-z0-9-]+)\n([0-9a-f\n]*)\n```/g)].map(
    ([, name, hex]): [string, Buffer] => [name!, Buffer.from(hex!.replaceAll("\n", ""), "hex")],
  ),
);
const get = (name: string) => example.get(name) ?? assert.fail(`no example ${name}`);
const fieldsOf = (name: string) => read(get(name)) as Value[];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const payloadOf = (envelope: Buffer) => (read(envelope.subarray(1)) as Value[])[2] as Uint8Array;
const faultProof = write([1n, get("evidence"), get("judgement"), get("referee-record")]);

test("the verifier uses nothing of the project", () => {
  for (const file of globSync("*.ts", { cwd: FOLDER })) {
    const imports = [...readFileSync(`${FOLDER}${file}`, "utf8").matchAll(/from "([^"]+)"/g)].map(
      ([, name]) => name!,
    );
    assert.deepEqual(
      imports.filter((name) => !/^(node:crypto|\.\/[a-z0-9]+\.ts)$/.test(name)),
      [],
      file,
    );
  }
});

test("the digests of the example are what the document says they are over", () => {
  const request = fieldsOf("request");
  const [salt, inputs] = [request[8]!, request[10]!];
  const [, receipt, outputs, blocks] = fieldsOf("reply");
  const over: [name: string, tag: string, bytes: Uint8Array][] = [
    ["record-digest", "record", payloadOf(get("record"))],
    ["seed-digest-of-32-zeros", "seed", Buffer.alloc(32)],
    ["request-digest", "request", write(request.slice(0, 8))],
    ["assignment-digest", "assignment", write(request[7]!)],
    ["input-commitment", "input", write([1n, salt, inputs])],
    ["output-digest", "output", write([1n, salt, outputs!])],
    ["trace-root", "trace", write([1n, [[1n, 4n]], blocks!])],
    ["statement-digest", "statement", get("statement")],
    ["policy-digest", "policy", get("policy")],
    ["evidence-digest", "evidence", write([...fieldsOf("evidence").slice(0, 5), null])],
  ];
  for (const [name, tag, bytes] of over)
    assert.equal(digest(tag, bytes).toString("hex"), get(name).toString("hex"), name);
  const [, , , workerNonce, keyedTraceRoot] = fieldsOf("wrap");
  const inner = ["block 0", "block 1"].map((output) => sha256(Buffer.from(output)));
  const keyed = write([1n, get("request-digest"), get("worker-key"), workerNonce!, inner]);
  assert.deepEqual(digest("keyed-trace", keyed), Buffer.from(keyedTraceRoot as Uint8Array));
  assert.deepEqual(inner.map(sha256), (blocks as Uint8Array[]).map(Buffer.from));
  assert.deepEqual(Buffer.from(receipt as Uint8Array), get("receipt"));
});

test("the policy of the example is what the document makes of its file", () => {
  const file = readFileSync(new URL("../../docs/sample.policy", import.meta.url));
  assert.deepEqual(encodePolicy(file), get("policy"));
});

test("what the example's secrets are, is said", () => {
  const of = (name: string, length = 32) => createHash("sha256").update(name).digest().subarray(0, length);
  const request = fieldsOf("request");
  const named: Value[] = [
    of("model"),
    of("engine"),
    of("nonce", 16),
    1_795_132_810_000n,
    "fast",
    1024n,
    ["S", of("seed")],
  ];
  assert.deepEqual(write(request.slice(1, 9)), write([...named, of("salt")]));
  assert.deepEqual(write(fieldsOf("reply")[3]!), write([of("block 0"), of("block 1")].map(sha256)));
});

test("receipt, refusal, certificate file, evidence and fault proof hold", () => {
  const receipt = openReceipt(get("receipt"));
  assert.deepEqual(
    [Buffer.from(receipt.key), write(receipt.statement), write(receipt.wrap)],
    [get("worker-key"), get("statement"), get("wrap")],
  );
  const refusal = openRefusal(get("refusal"));
  assert.deepEqual(
    [refusal.code, Buffer.from(refusal.request as Uint8Array)],
    ["overloaded", get("request-digest")],
  );
  const file = openCertificateFile(get("certificate-file"));
  assert.deepEqual([file.policy, file.signers.map(({ operator }) => operator)], ["fast", ["a.example"]]);
  const evidence = openEvidence(get("evidence"));
  const [first, second] = evidence.signers;
  assert.ok(!isLinked(first!, second!));
  assert.deepEqual(evidence.digest, get("evidence-digest"));
  const names = openFaultProof(faultProof).map((side) => evidence.signers[Number(side)]!.operator);
  assert.deepEqual(names, ["b.example"]);
});

const SEALING_SEED = createHash("sha256").update("sealing a").digest();
const openSealed = (bytes: Uint8Array) => openSealedRequest(bytes, SEALING_SEED, get("worker-key"));

test("the sealed exchange opens with the worker's seed, and holds request and reply", () => {
  const { content, bucket, openReply } = openSealed(get("sealed-request"));
  assert.deepEqual(sealingKeyOf(SEALING_SEED), get("sealing-key"));
  assert.deepEqual([content, bucket], [get("request"), 1024]);
  assert.deepEqual(openReply(get("sealed-reply")), get("reply"));
  const enc = createHash("sha256").update("ephemeral").digest();
  assert.deepEqual(Buffer.from(fieldsOf("sealed-request")[2] as Uint8Array), sealingKeyOf(enc));
  const nonce = createHash("sha256").update("response nonce").digest().subarray(0, 16);
  assert.deepEqual(Buffer.from(fieldsOf("sealed-reply")[1] as Uint8Array), nonce);
});

/** Bytes of the fault proof that are not the evidence's own. */
const around = [...faultProof.keys()].filter(
  (index) => index < 4 || index >= faultProof.indexOf(get("evidence")) + get("evidence").length,
);

for (const [name, bytes, open, places] of [
  ["receipt", get("receipt"), openReceipt, null],
  ["refusal", get("refusal"), openRefusal, null],
  ["certificate-file", get("certificate-file"), openCertificateFile, null],
  ["evidence", get("evidence"), openEvidence, null],
  ["sealed request", get("sealed-request"), openSealed, null],
  ["sealed reply", get("sealed-reply"), openSealed(get("sealed-request")).openReply, null],
  ["fault proof around its evidence", faultProof, openFaultProof, around],
] as const)
  test(`no byte of the ${name} can be changed`, () => {
    for (const index of places ?? bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[index]! ^= 1 << (index % 8);
      assert.throws(() => open(changed), `byte ${index}`);
    }
  });
