// Evidence for tests: workers that run the toy model on one request, and lie where a test says so.

import type { Bytes } from "../../protocol/bytes.ts";
import { encodeEvidence, evidenceDigest, openEvidence } from "../../protocol/evidence.ts";
import type { FaultProof } from "../../protocol/fault-proof.ts";
import { judgeEvidence } from "../../protocol/judge.ts";
import { type Judgement, signJudgement } from "../../protocol/judgement.ts";
import type { Opening } from "../../protocol/opening.ts";
import type { InferRequest } from "../../protocol/request.ts";
import { blockDigest } from "../../protocol/statement.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import {
  createReceipt,
  createRequest,
  createWorker,
  NOW,
  type SignOptions,
  type TestWorker,
} from "./fixtures.ts";
import { runToy, TOY, toyOutputs } from "./toy-model.ts";

export const TOY_INPUTS: readonly Tensor[] = [
  { dtype: "u8", shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
];

/** One signed run: the file's side, and the block digests that the worker sent with it. */
export interface SignedRun {
  readonly receipt: Bytes;
  readonly record: Bytes;
  readonly blocks: readonly Bytes[];
}

/** The outputs of the blocks of an honest run, changed. */
export type Lie = (blocks: Bytes[]) => Bytes[];

/** From block `at` on, everything is computed from a wrong output of it; `mark` tells lies apart. */
export function lieAt(at: number, mark = 0x55): Lie {
  return (blocks) => blocks.map((block, index) => (index < at ? block : block.map((byte) => byte ^ mark)));
}

export const HONEST: Lie = (blocks) => blocks;

/** A question for the toy, in seat 0. */
export async function createToyRequest(inputs = TOY_INPUTS): Promise<InferRequest> {
  return { ...(await createRequest("standard")), inputs };
}

/** What a worker signs for a request if it computes as `lie` says, and `options` change besides. */
export function signRun(
  worker: TestWorker,
  request: InferRequest,
  lie: Lie,
  options: SignOptions = {},
): Promise<SignedRun> {
  return signBlocks(worker, request, lie(runToy(request.inputs)), options);
}

/** What a worker signs that claims these outputs of the blocks, the last of which is the answer. */
export async function signBlocks(
  worker: TestWorker,
  request: InferRequest,
  outputs: readonly Bytes[],
  options: SignOptions = {},
): Promise<SignedRun> {
  const blocks = await Promise.all(outputs.map(blockDigest));
  const result = { outputs: toyOutputs(outputs.at(-1)!), blocks };
  const receipt = await createReceipt(worker, request, { result, ...options });
  return { receipt, record: worker.opened.bytes, blocks };
}

/** As the client opens evidence: it has the request, and the block digests that came with the replies. */
export function openAtInput(request: InferRequest, a: SignedRun, b: SignedRun): Opening {
  return { at: "input", question: request, inputs: request.inputs, blocks: [a.blocks, b.blocks] };
}

/** Opened at a block: what the block before `block` gave in an honest run, and the sizes of the inputs. */
export function openAtBlock(request: InferRequest, block: number, a: SignedRun, b: SignedRun): Opening {
  const boundary = runToy(request.inputs)[block - 1]!;
  return {
    at: "block",
    shapes: request.inputs.map(({ shape }) => shape),
    boundary,
    blocks: [a.blocks, b.blocks],
  };
}

export const a = await createWorker("a");
export const b = await createWorker("b");
export const referee = await createWorker("referee", {
  change: (record) => ({ ...record, isReferee: true }),
});

/** What a signs against what b signs, opened at the input. */
export async function createConflict(lieOfA: Lie, lieOfB: Lie, inputs = TOY_INPUTS): Promise<Bytes> {
  const request = await createToyRequest(inputs);
  const [runOfA, runOfB] = [
    await signRun(a, request, lieOfA),
    await signRun(b, { ...request, seat: 1 }, lieOfB),
  ];
  return encodeEvidence(runOfA, runOfB, openAtInput(request, runOfA, runOfB));
}

/** The same, opened at block `block`. */
export async function createBlockConflict(lieOfA: Lie, lieOfB: Lie, block: number): Promise<Bytes> {
  const request = await createToyRequest();
  const [runOfA, runOfB] = [
    await signRun(a, request, lieOfA),
    await signRun(b, { ...request, seat: 1 }, lieOfB),
  ];
  return encodeEvidence(runOfA, runOfB, openAtBlock(request, block, runOfA, runOfB));
}

/** What the referee signs on this evidence, changed. */
export async function createFaultProof(
  evidence: Bytes,
  change: (judgement: Judgement) => Judgement = (judgement) => judgement,
  judge: TestWorker = referee,
): Promise<FaultProof> {
  const opened = await openEvidence(evidence);
  const ruling = await judgeEvidence({ ...opened, opening: opened.opening! }, TOY, "model");
  const honest: Judgement = {
    evidence: await evidenceDigest(opened),
    ...ruling,
    record: judge.opened.digest,
    time: NOW + 1000,
  };
  const judgement = await signJudgement(change(honest), judge.secretKey);
  return { evidence, judgement, record: judge.opened.bytes };
}

/** The domains of the sides at these places. */
export async function namesOf(evidence: Bytes, sides: readonly number[]): Promise<string[]> {
  const opened = await openEvidence(evidence);
  return sides.map((side) => opened.sides[side]!.signer.operator).sort();
}
