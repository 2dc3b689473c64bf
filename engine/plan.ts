// Places every activation tensor in one arena, so that tensors that are never alive at the same time share bytes.
// A pure function of the manifest: the compiler states its result, the engine computes it again.
import { InferenceError } from "../protocol/errors.ts";
import { ALIGNMENT_BYTES } from "../wasm/arena.ts";
import { type Family, scratchBytes } from "../wasm/kernels.ts";
import { elementCount, type KernelCall, lower, NOWHERE } from "./lower.ts";
import type { Manifest, Op, TensorSpec } from "./manifest.ts";

/** An isolate has 128 MB with everything in it; a plan above this could never be served. */
const MAX_MODEL_MEMORY_BYTES = 100 * 1024 * 1024;

/**
 * A run cannot be interrupted, so a model that takes longer than anyone waits is refused. 30 times the multiply-adds of
 * the model that ships.
 */
const MAX_RUN_OPERATIONS = 2 ** 34;

export interface Plan {
  /** The kernel family of each operation. */
  readonly families: readonly Family[];
  /** Offset of each tensor from the start of the arena, in bytes. */
  readonly offsets: readonly number[];
  readonly arenaBytes: number;
  /** The largest scratch that any operation asks for; they run one after another and share it. */
  readonly scratchBytes: number;
  /** The sum over all operations, known before anything runs. */
  readonly opCount: number;
}

/** Throws InferenceError: manifest_invalid, budget_exceeded, memory_exhausted; all before anything is allocated. */
export function planMemory(manifest: Manifest): Plan {
  const calls = manifest.ops.map((_, index) => lower(manifest, index, NOWHERE));
  const { offsets, arenaBytes } = placeTensors(manifest);
  const scratch = Math.max(0, ...calls.map(({ family, values }) => scratchBytes(family, values)));
  const opCount = calls.reduce((sum, call: KernelCall) => sum + call.opCount, 0);
  if (opCount > MAX_RUN_OPERATIONS) {
    throw new InferenceError(
      "budget_exceeded",
      `${manifest.name} takes ${opCount} multiply-adds a run, the limit is ${MAX_RUN_OPERATIONS}; nothing was loaded`,
    );
  }
  const total = manifest.memory.weights + arenaBytes + scratch;
  if (total > MAX_MODEL_MEMORY_BYTES) {
    throw new InferenceError(
      "memory_exhausted",
      `${manifest.name} needs ${total} bytes, the limit is ${MAX_MODEL_MEMORY_BYTES}; nothing was loaded`,
    );
  }
  const families = calls.map(({ family }) => family);
  return { families, offsets, arenaBytes, scratchBytes: scratch, opCount };
}

/** Largest first, each at the lowest offset that is free for its whole life. */
function placeTensors(manifest: Manifest): { offsets: number[]; arenaBytes: number } {
  const lives = findLives(manifest);
  const order = manifest.tensors
    .map((spec, index) => ({ index, bytes: align(tensorBytes(spec)) }))
    .sort((a, b) => b.bytes - a.bytes || a.index - b.index);
  const placed: { start: number; end: number; first: number; last: number }[] = [];
  const offsets: number[] = [];
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
  return { offsets, arenaBytes };
}

/** First and last operation during which each tensor holds a value; inputs live from the start, outputs to the end. */
function findLives(manifest: Manifest): { first: number; last: number }[] {
  const end = manifest.ops.length;
  const lives = manifest.tensors.map(() => ({ first: end, last: -1 }));
  const touch = (tensor: number, time: number) => {
    const life = lives[tensor];
    if (life === undefined)
      throw new InferenceError("manifest_invalid", `${manifest.name}: no tensor ${tensor}`);
    life.first = Math.min(life.first, time);
    life.last = Math.max(life.last, time);
  };
  for (const { tensor } of manifest.inputs) touch(tensor, -1);
  for (const [time, op] of manifest.ops.entries()) {
    for (const tensor of readTensors(op)) {
      if ((lives[tensor]?.first ?? end) >= time) {
        throw new InferenceError(
          "manifest_invalid",
          `${manifest.name}: operation ${time} reads tensor ${tensor} before it is written`,
        );
      }
      touch(tensor, time);
    }
    if ((lives[op.output]?.last ?? -1) >= 0 || (lives[op.output]?.first ?? end) < 0) {
      throw new InferenceError(
        "manifest_invalid",
        `${manifest.name}: operation ${time} writes tensor ${op.output} a second time`,
      );
    }
    touch(op.output, time);
  }
  for (const { tensor } of manifest.outputs) touch(tensor, end);
  return lives;
}

/** The tensors that an operation reads. */
export function readTensors(op: Op): readonly number[] {
  return op.kind === "add" ? [op.a, op.b] : [op.input];
}

export function tensorBytes(spec: TensorSpec): number {
  return elementCount(spec) * (spec.dtype === "f32" ? 4 : 1);
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
