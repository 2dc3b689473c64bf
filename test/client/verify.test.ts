import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyCertificate } from "../../client/verify.ts";
import { formatHex } from "../../protocol/bytes.ts";
import { createCertificateFile, createWorker, ENGINE, MODEL, OUTPUTS } from "../protocol/fixtures.ts";
import { assertNoByteCanChange, assertStrict } from "../protocol/strictness.ts";

const a = await createWorker("a");
const b = await createWorker("b");
const c = await createWorker("c");

test("says who signed what, one line for each signature", async () => {
  const verified = await verifyCertificate(await createCertificateFile([a, b, c], "standard"), {
    policies: [],
  });
  assert.deepEqual([verified.policy, verified.operators, verified.providers], ["standard", 3, 3]);
  assert.deepEqual(
    verified.signatures.map(({ seat, operator, provider, counted }) => [seat, operator, provider, counted]),
    [
      [0, "a.example", "provider-a", true],
      [1, "b.example", "provider-b", true],
      [2, "c.example", "provider-c", true],
    ],
  );
  assert.deepEqual(
    [formatHex(verified.model), formatHex(verified.engine)],
    [formatHex(MODEL), formatHex(ENGINE)],
  );
  assert.deepEqual(verified.outputs, OUTPUTS);
});

test("the policy that a certificate file names must hold", async () => {
  await assert.rejects(verifyCertificate(await createCertificateFile([a], "standard"), { policies: [] }), {
    code: "policy_not_met",
    message: /needs 2 distinct operators of 2 providers; 1 of 1 signed/,
  });
  await verifyCertificate(await createCertificateFile([a], "fast"), { policies: [] });
  await assert.rejects(
    verifyCertificate(await createCertificateFile([a, b, c], "strict"), { policies: [] }),
    {
      code: "policy_not_met",
    },
  );
});

test("the reader may ask for more than the asker did, not for less", async () => {
  const fast = await createCertificateFile([a], "fast");
  await assert.rejects(verifyCertificate(fast, { policies: ["standard"] }), { code: "policy_not_met" });
  await verifyCertificate(await createCertificateFile([a, b], "fast"), { policies: ["standard"] });
  await assert.rejects(
    verifyCertificate(await createCertificateFile([a], "standard"), { policies: ["fast"] }),
    {
      code: "policy_not_met",
    },
  );
});

test("an operator with two workers, two domains or two keys is counted once", async () => {
  const twins = [
    await createWorker("twin", { operator: "a.example" }), // another worker of a's operator
    await createWorker("mask", { operatorSeed: "a.example" }), // another domain with a's operator key
    await createWorker("heir", { operator: "a.example", operatorSeed: "another" }), // a's domain, another key
  ];
  for (const twin of twins) {
    const certificateFile = await createCertificateFile([a, twin], "standard");
    await assert.rejects(verifyCertificate(certificateFile, { policies: [] }), { code: "policy_not_met" });
    const { signatures, operators } = await verifyCertificate(
      await createCertificateFile([a, twin, b], "standard"),
      {
        policies: [],
      },
    );
    assert.equal(operators, 2);
    assert.deepEqual(
      signatures.map(({ counted }) => counted),
      [true, false, true],
    );
  }
});

test("signers that a third signer links are counted once, and twice where it did not sign", async () => {
  const x = await createWorker("x", { operator: "x.example", operatorSeed: "k1" });
  const y = await createWorker("y", { operator: "y.example", operatorSeed: "k2" });
  const link = await createWorker("link", { operator: "x.example", operatorSeed: "k2" });
  const { operators } = await verifyCertificate(await createCertificateFile([x, y], "standard"), {
    policies: [],
  });
  assert.equal(operators, 2);
  await assert.rejects(
    verifyCertificate(await createCertificateFile([x, y, link], "standard"), { policies: [] }),
    {
      code: "policy_not_met",
      message: /; 1 of 1 signed/,
    },
  );
});

test("signers of one provider are not a standard quorum", async () => {
  const neighbour = await createWorker("neighbour", { provider: "provider-a" });
  await assert.rejects(
    verifyCertificate(await createCertificateFile([a, neighbour], "standard"), { policies: [] }),
    {
      code: "policy_not_met",
    },
  );
});

test("every single-byte change of a certificate file is refused with a code", async () => {
  const bytes = await createCertificateFile([a], "fast");
  const open = (changed: Uint8Array<ArrayBuffer>) => verifyCertificate(changed, { policies: [] });
  await assertNoByteCanChange(bytes, open);
  await assertStrict(bytes, open);
});
