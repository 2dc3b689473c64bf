// A task that makes several requests, over the certificates of its answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Certificate, decodeAlone, naming, replay } from "../../cli/checking/replay.ts";
import { DecodeError, PolicyError, VerificationError } from "../../protocol/errors.ts";
import { inputCommitment } from "../../protocol/statement.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { cosineOf, type EmbedAnswer } from "../../tasks/embed.ts";
import type { TextTask } from "../../tasks/tasks.ts";

const bytes = (...values: number[]): Tensor => ({
  dtype: "u8",
  shape: [values.length],
  data: Uint8Array.from(values),
});

/** Asks "length" how long each text is, all at once, then "sum" about what came back. */
const TASK: TextTask = {
  name: "measure",
  input: "text",
  models: ["length", "sum"],
  async run(texts, { ask }): Promise<EmbedAnswer> {
    const lengths = await Promise.all(
      texts.map(async (text) => (await ask("length", [bytes(text.length)]))[0]!.data[0]!),
    );
    const [sum] = await ask("sum", [bytes(...lengths)]);
    return { embeddings: [[...sum!.data]], cosine: null, warnings: [] };
  },
  decode: null,
};

let count = 0;
async function certify(model: string, input: Tensor, output: Tensor): Promise<Certificate> {
  const salt = new Uint8Array(32).fill(++count);
  const statement = { inputCommitment: await inputCommitment(salt, [input]) };
  const verified = { question: { salt }, certificate: { statement }, outputs: [output] };
  return { path: `${count}.qc`, verified, entry: { name: model } } as unknown as Certificate;
}

const given = (...texts: string[]) => ({ image: null, texts, textFiles: [] });
const three = await certify("length", bytes(3), bytes(30));
const five = await certify("length", bytes(5), bytes(50));
const sum = await certify("sum", bytes(30, 50), bytes(80));

test("finds the certificate of each request, in whatever order they are given", async () => {
  for (const certificates of [
    [three, five, sum],
    [sum, five, three],
  ]) {
    const answer = await replay(certificates, TASK, given("abc", "abcde"), false);
    assert.deepEqual(answer, { embeddings: [[80]], cosine: null, warnings: [] });
  }
});

test("two equal requests may have a certificate each, or one for both", async () => {
  const again = await certify("length", bytes(3), bytes(30));
  const total = await certify("sum", bytes(30, 30), bytes(60));
  for (const certificates of [
    [three, again, total],
    [three, total],
  ]) {
    const answer = await replay(certificates, TASK, given("abc", "xyz"), false);
    assert.deepEqual(answer, { embeddings: [[60]], cosine: null, warnings: [] });
  }
});

test("refuses an input that was not asked about", async () => {
  await assert.rejects(replay([three, five, sum], TASK, given("abc", "abcd"), false), {
    code: "input_mismatch",
    message: /^the texts: not what was asked about/,
  });
});

test("refuses an answer of which a certificate is missing", async () => {
  for (const certificates of [
    [three, sum],
    [three, five],
  ])
    await assert.rejects(replay(certificates, TASK, given("abc", "abcde"), false), {
      code: "input_mismatch",
      message: /give the certificates of all requests/,
    });
});

test("refuses a certificate that answers nothing about the input", async () => {
  const stray = await certify("length", bytes(9), bytes(1));
  await assert.rejects(replay([three, five, stray, sum], TASK, given("abc", "abcde"), false), {
    code: "input_mismatch",
    message: new RegExp(`${stray.path} answers nothing`),
  });
});

test("does not take one model's certificate for another's", async () => {
  const wrong = await certify("sum", bytes(3), bytes(30));
  await assert.rejects(replay([wrong, five, sum], TASK, given("abc", "abcde"), false), {
    code: "input_mismatch",
  });
});

test("refuses where no model of the certificate is built", async () => {
  await assert.rejects(replay([three], null, given("abc"), false), { code: "model_unknown" });
});

test("says what one certificate alone means only if its task can", () => {
  const decode = () => ({ embeddings: [[1]], cosine: cosineOf([1], [1]), warnings: [] });
  assert.equal(decodeAlone([three], TASK), null);
  assert.equal(decodeAlone([three, five], { ...TASK, decode }), null);
  assert.deepEqual(decodeAlone([three], { ...TASK, decode }), { embeddings: [[1]], cosine: 1, warnings: [] });
});

test("says what an error in a file means for whoever was to rely on it", async () => {
  for (const [error, meaning] of [
    [new DecodeError("malformed", "no CBOR"), "no file of ours, or a damaged one"],
    [
      new VerificationError("statement_mismatch", "another wrap"),
      "not valid, do not rely on it (changed after it was signed, or never right)",
    ],
    [new PolicyError("policy_not_met", "too few"), "not valid, do not rely on it"],
  ] as const)
    await assert.rejects(
      naming("a.qc", () => Promise.reject(error)),
      { code: error.code, message: `a.qc: ${meaning}: ${error.message}` },
    );
});
