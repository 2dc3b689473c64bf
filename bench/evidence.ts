// What evidence costs whom, step by step, and how large it is: a reply of MobileNetV2. Its share of inference is a row of
// bench/models.ts.
import { loadArtifact, readEngineDigest } from "../cli/artifacts/artifacts.ts";
import { checkReply, createExpectation } from "../client/check.ts";
import type { Model } from "../engine/index.ts";
import { publicKey } from "../protocol/ed25519.ts";
import { DIGEST_BYTES, NONCE_BYTES, SALT_BYTES } from "../protocol/limits.ts";
import { signReceipt } from "../protocol/receipt.ts";
import { decodeAnswer, encodeReply } from "../protocol/reply.ts";
import { chooseSizeBucket, type InferRequest } from "../protocol/request.ts";
import { createStatement, keyedTraceRoot, stateQuestion } from "../protocol/statement.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { createWorker } from "../test/protocol/fixtures.ts";
import { infer, type Signing } from "../workers/inference/infer.ts";
import type { Effort } from "./quorum.ts";
import { interleave, judge, quantile, type Row } from "./report.ts";
import { createRequest } from "./requests.ts";

const MODEL = "moderate-mobilenet-v2";
/** Small enough to be kept with every answer. */
const MAX_RECEIPT_SIZE = 600;

/** A request by nobody in particular. */
export async function createQuestion(
  model: Pick<Model, "digest">,
  inputs: readonly Tensor[],
): Promise<InferRequest> {
  return {
    model: model.digest,
    engine: await readEngineDigest(),
    nonce: new Uint8Array(NONCE_BYTES),
    deadline: Date.now() + 60_000,
    policy: "standard",
    sizeBucket: chooseSizeBucket(inputs),
    assignment: { mode: "S", seedDigest: new Uint8Array(DIGEST_BYTES) },
    salt: new Uint8Array(SALT_BYTES),
    seat: 0,
    inputs,
  };
}

export async function benchEvidence(effort: Effort): Promise<Row[]> {
  const model = await loadArtifact(MODEL, "simd128");
  const inputs = [createRequest("u8", [1, 224, 224, 3])];
  const request = await createQuestion(model, inputs);
  const { engine } = request;
  const worker = await createWorker("bench", {
    now: Date.now(),
    change: (record) => ({ ...record, models: [model.digest], engines: [engine] }),
  });
  const { secretKey, opened } = worker;
  const workerKey = await publicKey(secretKey);
  const signing: Signing = {
    secretKey,
    workerKey,
    record: opened.digest,
    clock: Date.now,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  };
  const answer = await infer(model, request, signing);
  const { reply } = asSigned(answer);
  const expectation = await createExpectation(request);
  const asked = { expectation, seat: 0, now: Date.now() };
  const { receipt } = await checkReply(reply, opened, asked);
  const { statement, wrap } = receipt;
  const { outputs, blocks } = reply;
  const { opCount } = statement;
  const { workerNonce } = wrap;
  const { innerDigests } = await model.run({ inputs });
  const times = await interleave(
    [
      () => model.execute(inputs),
      () => model.run({ inputs }),
      () => keyedTraceRoot({ request: statement.request, workerKey, workerNonce }, innerDigests),
      async () => {
        const stated = await stateQuestion(request, inputs);
        return createStatement({ request, stated, inputs, outputs, blocks, opCount });
      },
      () => signReceipt(statement, wrap, secretKey),
      () => encodeReply(reply),
      () => checkReply(asSigned(answer).reply, opened, asked),
      () => infer(model, request, signing),
    ],
    effort,
  );
  const [execute, hashed, keyed, stated, signed, encoded, checked, whole] = times.map((list) =>
    quantile(list, 0.5),
  ) as [number, number, number, number, number, number, number, number];
  return [
    judge("evidence, hash each block", hashed - execute, "ms", null, null),
    judge("evidence, keyed trace", keyed, "ms", null, null),
    judge("evidence, statement", stated, "ms", null, null),
    judge("evidence, sign", signed, "ms", null, null),
    judge("evidence, encode", encoded, "ms", null, null),
    judge("evidence, all that a worker adds", whole - execute, "ms", null, null),
    judge("evidence, client verifies a reply", checked, "ms", null, null),
    judge("receipt", reply.receipt.length, "bytes", "at most", MAX_RECEIPT_SIZE),
    judge("reply of 5 classes", answer.length, "bytes", null, null),
  ];
}

function asSigned(bytes: Parameters<typeof decodeAnswer>[0]) {
  const answer = decodeAnswer(bytes);
  if (answer.outcome !== "signed") throw new Error("the reply is a refusal");
  return answer;
}
