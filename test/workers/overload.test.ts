// Twice as many requests at once over HTTP as a worker takes. It needs the built artifact.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ARTIFACTS_FOLDER } from "../../cli/state.ts";
import { planMemory } from "../../engine/index.ts";
import { CBOR_MEDIA_TYPE, INFER_PATH } from "../../protocol/http.ts";
import { openReceipt } from "../../protocol/receipt.ts";
import { decodeAnswer } from "../../protocol/reply.ts";
import { encodeRequest, type InferRequest, requestDigest } from "../../protocol/request.ts";
import { MAX_HELD_OPERATIONS } from "../../workers/inference/limits.ts";
import { decodeReply, readRefusal } from "../support/replies.ts";
import { createTestRequest, openTestModel } from "../support/requests.ts";
import { startWorker } from "../support/workers.ts";

const model = await openTestModel();
const TAKEN = Math.floor(MAX_HELD_OPERATIONS / planMemory(model.manifest).opCount);
const OFFERED = 2 * TAKEN;
/** Whether a round overlaps enough to be refused in part is the machine's affair; that one of these does is not. */
const MAX_ROUNDS = 50;

for (const runtime of ["workerd", "node"] as const) {
  test(`on ${runtime} every request of twice the load is answered rightly or refused with a signature`, async () => {
    const variables = { ACCEPT_PLAIN: "1" };
    const worker = await startWorker(runtime, { artifacts: ARTIFACTS_FOLDER, regions: [], variables });
    try {
      const { inputs } = await createTestRequest(model);
      const { outputs } = await model.run({ inputs });
      const ask = async (request: InferRequest, seat: number): Promise<"signed" | "refused"> => {
        const question = await requestDigest(request);
        const response = await fetch(`${worker.url}${INFER_PATH}`, {
          method: "POST",
          headers: { "content-type": CBOR_MEDIA_TYPE },
          body: encodeRequest({ ...request, seat }),
        });
        assert.equal(response.status, 200);
        const answer = new Uint8Array(await response.arrayBuffer());
        const { outcome } = decodeAnswer(answer);
        if (outcome === "signed") {
          const reply = decodeReply(answer);
          assert.deepEqual(reply.outputs, outputs);
          const { statement, wrap } = await openReceipt(reply.receipt);
          assert.deepEqual([statement.request, wrap.seat], [question, seat]);
        } else {
          const refusal = await readRefusal(answer);
          assert.deepEqual([refusal.code, refusal.request, refusal.seat], ["overloaded", question, seat]);
        }
        return outcome;
      };
      // Afterwards the worker is as it was: a place that was not given back would be missed sooner or later.
      let refused = 0;
      for (let round = 0; round < MAX_ROUNDS && refused < OFFERED; round++) {
        const request = await createTestRequest(model);
        const outcomes = await Promise.all(Array.from({ length: OFFERED }, (_, seat) => ask(request, seat)));
        assert.ok(outcomes.filter((outcome) => outcome === "signed").length >= TAKEN);
        refused += outcomes.filter((outcome) => outcome === "refused").length;
      }
      assert.ok(refused > 0, "nothing was refused");
      assert.equal(await ask(await createTestRequest(model), 0), "signed");
    } finally {
      await worker.stop();
    }
  });
}
