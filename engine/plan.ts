// Places every activation tensor in one arena, so that tensors that are never alive at the same time share bytes.
// A pure function of the manifest and its symbols: the compiler states the largest result, the engine computes it again.
import { InferenceError } from "../protocol/errors.ts";
import { align } from "../wasm/memory.ts";
import { paramsBytes } from "../wasm/params.ts";
import { type BoundManifest, bindManifest, lowerOperation } from "./bind.ts";
import { type PackedWeights, tensorBytes } from "./lowering.ts";
import type { Manifest } from "./manifest.ts";

/** An isolate has 128 MB with everything in it; a plan above this could never be served. */
export const MAX_MODEL_MEMORY_BYTES = 100 * 1024 * 1024;

/**
 * A run cannot be interrupted, so a model that takes longer than anyone waits is refused. 30 times the multiply-adds of
 * MobileNetV2 at 224 × 224.
 */
const MAX_RUN_OPERATIONS = 2 ** 34;

/** Where everything of a run is, and what the run takes. */
export interface Plan {
  readonly bound: BoundManifest;
  /** What each operation takes the packed weights for. */
  readonly packed: readonly PackedWeights[];
  /** Offset of each tensor from the start of the arena, in bytes; of the weights for a constant. */
  readonly offsets: readonly number[];
  readonly arenaBytes: number;
  readonly paramsBytes: number;
  /** The largest scratch that any operation asks for; they run one after another and share it. */
  readonly scratchBytes: number;
  /** Weights and everything else, each behind a cache line. */
  readonly totalBytes: number;
  /** Multiply-adds, or elements, of each operation. */
  readonly opCounts: readonly number[];
  /** Their sum, known before anything runs. */
  readonly opCount: number;
}

/** The plan for the largest sizes. Throws InferenceError as planRun does. */
export function planMemory(manifest: Manifest): Plan {
  return planRun(
    manifest,
    manifest.symbols.map(({ max }) => max),
  );
}

/** Throws InferenceError: manifest_invalid, budget_exceeded, memory_exhausted; all before anything is allocated. */
export function planRun(manifest: Manifest, symbols: readonly number[]): Plan {
  const bound = bindManifest(manifest, symbols);
  const { offsets, arenaBytes } = placeTensors(bound);
  const packed: PackedWeights[] = [];
  const opCounts: number[] = [];
  let [opCount, blocks, scratchBytes] = [0, 0, 0];
  for (const index of manifest.ops.keys()) {
    const lowering = lowerOperation(bound, index, NOWHERE, () => 0);
    packed.push(...lowering.packed);
    opCounts.push(lowering.opCount);
    opCount += lowering.opCount;
    blocks += lowering.steps.reduce((sum, { family }) => sum + align(paramsBytes(family)), 0);
    scratchBytes = Math.max(scratchBytes, lowering.scratchBytes);
    // attacker-controlled: a short manifest can ask for more kernel calls than anyone could list.
    if (opCount > MAX_RUN_OPERATIONS || blocks > MAX_MODEL_MEMORY_BYTES) break;
  }
  if (opCount > MAX_RUN_OPERATIONS) {
    throw new InferenceError(
      "budget_exceeded",
      `${manifest.name} takes ${opCount} multiply-adds a run or more, the limit is ${MAX_RUN_OPERATIONS}; nothing was loaded`,
    );
  }
  const regions = [manifest.memory.weights, blocks, arenaBytes, scratchBytes];
  const totalBytes = regions.reduce((sum, region) => sum + align(region), 0);
  if (totalBytes > MAX_MODEL_MEMORY_BYTES) {
    throw new InferenceError(
      "memory_exhausted",
      `${manifest.name} needs ${totalBytes} bytes or more, the limit is ${MAX_MODEL_MEMORY_BYTES}; nothing was loaded`,
    );
  }
  const sizes = { arenaBytes, paramsBytes: blocks, scratchBytes, totalBytes };
  return { bound, packed, offsets, ...sizes, opCounts, opCount };
}

const NOWHERE = { weights: 0, scratch: 0 };

/** Largest first, each at the lowest offset that is free for its whole life. */
function placeTensors(bound: BoundManifest): { offsets: number[]; arenaBytes: number } {
  const { tensors } = bound;
  const roots = findRoots(bound);
  const lives = findLives(bound.manifest, roots);
  const order = tensors
    .map((tensor, index) => ({ index, bytes: align(tensorBytes(tensor)) }))
    .filter(({ index }) => tensors[index]!.storage === null && lives[index]!.last >= lives[index]!.first)
    .sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  const placed: { start: number; end: number; first: number; last: number }[] = [];
  const offsets = tensors.map(({ storage }) =>
    storage !== null && typeof storage === "object" ? storage.offset : 0,
  );
  let arenaBytes = 0;
  for (const { index, bytes } of order) {
    const { first, last } = lives[index]!;
    const neighbours = placed
      .filter((other) => first <= other.last && other.first <= last)
      .sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of neighbours) if (start + bytes > other.start) start = Math.max(start, other.end);
    placed.push({ start, end: start + bytes, first, last });
    offsets[index] = start;
    arenaBytes = Math.max(arenaBytes, start + bytes);
  }
  return { offsets: offsets.map((_, index) => offsets[roots[index]!]!), arenaBytes };
}

/** The tensor whose bytes each tensor has: itself unless it shares another's. */
function findRoots({ tensors }: BoundManifest): number[] {
  const roots: number[] = [];
  for (const [index, { storage }] of tensors.entries()) {
    roots.push(typeof storage === "number" ? roots[storage]! : index);
  }
  return roots;
}

/** First and last operation during which each tensor holds a value; inputs live from the start, outputs to the end. */
function findLives(manifest: Manifest, roots: readonly number[]): { first: number; last: number }[] {
  const end = manifest.ops.length;
  const lives = manifest.tensors.map(({ storage }) =>
    storage !== null && typeof storage === "object" ? { first: -1, last: end } : { first: end, last: -2 },
  );
  const refuse = (reason: string): never => {
    throw new InferenceError("manifest_invalid", `${manifest.name}: ${reason}`);
  };
  const lifeOf = (tensor: number) => lives[roots[tensor] ?? -1] ?? refuse(`there is no tensor ${tensor}`);
  for (const { tensor } of manifest.inputs) {
    const life = lifeOf(tensor);
    if (life.last !== -2) refuse(`input tensor ${tensor} holds something else`);
    Object.assign(life, { first: -1, last: -1 });
  }
  for (const [time, op] of manifest.ops.entries()) {
    for (const tensor of op.inputs.filter((input) => input >= 0)) {
      const life = lifeOf(tensor);
      if (life.first >= time) refuse(`operation ${time} reads tensor ${tensor} before it is written`);
      life.last = Math.max(life.last, time);
    }
    for (const tensor of op.outputs.filter((output) => output >= 0)) {
      const life = lifeOf(tensor);
      if (life.last !== -2) refuse(`operation ${time} writes tensor ${tensor} a second time`);
      Object.assign(life, { first: time, last: time });
    }
  }
  for (const { tensor } of manifest.outputs) {
    const life = lifeOf(tensor);
    if (life.last === -2) refuse(`output tensor ${tensor} is never written`);
    life.last = end;
  }
  return lives;
}
