// A model that is ready to answer: its weights are in memory and were checked against the manifest's digests.
import type { Bytes } from "../protocol/bytes.ts";
import { equalBytes, formatHex } from "../protocol/bytes.ts";
import { digest, digestRaw } from "../protocol/digest.ts";
import { InferenceError } from "../protocol/errors.ts";
import { blockDigest } from "../protocol/statement.ts";
import { holdsNaN, isFiniteTensor, type Tensor } from "../protocol/tensor.ts";
import type { Isa } from "../wasm/families.ts";
import { blockRange, boundaryTensor } from "./blocks.ts";
import { Executor } from "./executor.ts";
import { elementCount } from "./lowering.ts";
import { ELEMENT_BYTES, type ElementType, type Manifest, type Port } from "./manifest.ts";
import { decodeManifest } from "./manifest-codec.ts";

/** Outputs, and what a receipt says about the run. */
export interface RunResult {
  readonly outputs: Tensor[];
  /** The block digests, in the manifest's order: SHA-256 of the inner ones. */
  readonly blocks: Bytes[];
  /** SHA-256 of the output of each block. Secret until everyone has answered: they show that somebody ran the model. */
  readonly innerDigests: Bytes[];
  /** Multiply-adds (or elements, for operations without any) of this run: it depends on the sizes of the inputs. */
  readonly opCount: number;
}

/** A model in memory. It answers until nobody refers to it. */
export interface Model {
  readonly digest: Bytes;
  readonly manifest: Manifest;
  readonly memoryBytes: number;
  /** The outputs alone, at once: what a local answer needs. Throws InferenceError: input_invalid, output_not_finite. */
  execute(inputs: readonly Tensor[]): Tensor[];
  /** The outputs and their trace. Safe to call concurrently. Throws as execute does. */
  run(request: { inputs: readonly Tensor[] }): Promise<RunResult>;
  /** Throws InferenceError input_invalid for inputs that no run takes, whatever their sizes; nothing runs. */
  checkInputs(inputs: readonly Tensor[]): void;
  /** Of a run with inputs of these shapes; nothing runs. Throws InferenceError input_invalid. */
  countOperations(shapes: readonly Shape[]): number;
  /**
   * The trace as far as block `last`, and nothing behind it: what tells whether a claimed trace is right up to there.
   * Throws as execute does, RangeError for a block that is not there.
   */
  runBlocks(request: { inputs: readonly Tensor[]; last: number }): Promise<PartialTrace>;
  /**
   * One block alone, from the output of the one before, for inputs of these shapes. Gives its block digest.
   * Throws as execute does, JudgeError block_dependent where the block reads more than that output, RangeError for
   * the first block and for one that is not there.
   */
  runBlock(request: { shapes: readonly Shape[]; block: number; boundary: Bytes }): Promise<Bytes>;
}

/** The sizes of one input. */
export type Shape = readonly number[];

/** The beginning of a trace. */
export interface PartialTrace {
  /** The block digests, to the last that ran. */
  readonly blocks: Bytes[];
  /** The output of the last of them: what runBlock begins the next with. */
  readonly output: Bytes;
}

/** An artifact, and the kernels to run it with. */
export interface LoadOptions {
  readonly kernels: WebAssembly.Module;
  readonly isa: Isa;
  readonly manifest: Bytes;
  /** The model digest that the manifest must have. */
  readonly model: Bytes;
  /** The bytes of one chunk of the weights, from wherever the artifact is kept. */
  openChunk(index: number): Promise<ReadableStream<Uint8Array>>;
}

/**
 * Streams the weights into linear memory and checks each chunk there, so no second copy of them ever exists.
 * Throws InferenceError: manifest_mismatch, manifest_invalid, memory_exhausted, chunk_corrupt (naming the chunk).
 */
export async function loadModel(options: LoadOptions): Promise<Model> {
  const modelDigest = await digest("manifest", options.manifest);
  if (!equalBytes(modelDigest, options.model)) {
    throw new InferenceError(
      "manifest_mismatch",
      `the manifest has digest ${formatHex(modelDigest)}, want ${formatHex(options.model)}; build or fetch the artifact again`,
    );
  }
  const manifest = decodeManifest(options.manifest);
  const executor = new Executor(options.kernels, options.isa, manifest);
  let offset = 0;
  for (const [index, chunk] of manifest.chunks.entries()) {
    const target = executor.weights.subarray(offset, offset + chunk.bytes);
    await fill(target, await options.openChunk(index), `${manifest.name}: chunk ${index}`);
    const found = await digestRaw(target);
    if (!equalBytes(found, chunk.digest)) {
      throw new InferenceError(
        "chunk_corrupt",
        `${manifest.name}: chunk ${index} has digest ${formatHex(found)}, want ${formatHex(chunk.digest)}; deploy the artifact again`,
      );
    }
    offset += chunk.bytes;
  }
  executor.checkWeights();
  return createModel(executor, modelDigest);
}

async function fill(target: Bytes, stream: ReadableStream<Uint8Array>, title: string): Promise<void> {
  let filled = 0;
  for await (const part of stream) {
    if (filled + part.length > target.length) {
      throw new InferenceError(
        "chunk_corrupt",
        `${title} is longer than the ${target.length} bytes of the manifest`,
      );
    }
    target.set(part, filled);
    filled += part.length;
  }
  if (filled !== target.length) {
    throw new InferenceError(
      "chunk_corrupt",
      `${title} has ${filled} bytes, the manifest says ${target.length}`,
    );
  }
}

function createModel(executor: Executor, modelDigest: Bytes): Model {
  const { manifest } = executor;
  const blocks = new Set(manifest.blocks);
  const blockOutput = (op: number) => readBlock(executor, manifest.ops[op]!.outputs[0]!);
  // I5. Nothing in here awaits: concurrent callers cannot interleave.
  const execute = (inputs: readonly Tensor[], after?: (op: number) => void): Tensor[] => {
    checkInputs(manifest, inputs);
    executor.run(inputs, after);
    return manifest.outputs.map((port) => readTensor(executor, port));
  };
  return {
    digest: modelDigest,
    manifest,
    get memoryBytes() {
      return executor.memoryBytes;
    },
    execute: (inputs) => execute(inputs),
    async run({ inputs }) {
      const digests: Promise<Bytes>[] = [];
      const outputs = execute(inputs, (op) => {
        // Web Crypto copies what it is given before it returns the promise (W3C WebCryptoAPI §14.3).
        if (blocks.has(op)) digests.push(digestRaw(blockOutput(op)));
      });
      const { opCount } = executor;
      const innerDigests = await Promise.all(digests);
      return { outputs, blocks: await Promise.all(innerDigests.map(digestRaw)), innerDigests, opCount };
    },
    checkInputs: (inputs) => checkInputs(manifest, inputs),
    countOperations(shapes) {
      checkInputCount(manifest, shapes);
      executor.prepare(shapes);
      return executor.opCount;
    },
    async runBlocks({ inputs, last }) {
      const { end } = blockRange(manifest, last);
      checkInputs(manifest, inputs);
      executor.load(inputs);
      const digests: Promise<Bytes>[] = [];
      executor.runOperations(0, end, (op) => {
        if (blocks.has(op)) digests.push(blockDigest(blockOutput(op)));
      });
      const output = blockOutput(end).slice();
      return { blocks: await Promise.all(digests), output };
    },
    async runBlock({ shapes, block, boundary }) {
      const { start, end } = blockRange(manifest, block);
      const tensor = boundaryTensor(manifest, block);
      checkInputCount(manifest, shapes);
      executor.prepare(shapes);
      const target = executor.tensor(tensor);
      checkBoundary(manifest, tensor, boundary, target.length);
      target.set(boundary);
      executor.runOperations(start, end);
      return blockDigest(blockOutput(end));
    },
  };
}

/** attacker-controlled: whoever accuses a worker chose the bytes. No operation ever left others in their place. */
function checkBoundary(manifest: Manifest, tensor: number, boundary: Bytes, want: number): void {
  const refuse = (reason: string): never => {
    throw new InferenceError("input_invalid", `the output of the block before ${reason}`);
  };
  if (boundary.length !== want) refuse(`has ${boundary.length} bytes, want ${want} for these shapes`);
  const { dtype } = manifest.tensors[tensor]!;
  if (holdsNaN(dtype, boundary)) refuse("holds a value that is no number");
  if (dtype === "bool" && boundary.some((byte) => byte > 1)) refuse("holds a truth value other than 0 and 1");
}

const TENSOR_TYPES = {
  u8: "u8",
  qs8: "i8",
  f32: "f32",
  f64: "f64",
  i32: "i32",
  i64: "i64",
  bool: "u8",
} as const satisfies Record<ElementType, Tensor["dtype"]>;

function checkInputCount(manifest: Manifest, { length }: readonly unknown[]): void {
  if (length !== manifest.inputs.length) {
    throw new InferenceError(
      "input_invalid",
      `${length} inputs given, ${manifest.name} takes ${manifest.inputs.length}`,
    );
  }
}

/** attacker-controlled: the tensors of a request, in form already, are held against the model's ports. */
function checkInputs(manifest: Manifest, inputs: readonly Tensor[]): void {
  checkInputCount(manifest, inputs);
  for (const [index, { name, tensor }] of manifest.inputs.entries()) {
    const { dtype } = manifest.tensors[tensor]!;
    const given = inputs[index]!;
    const refuse = (reason: string): never => {
      throw new InferenceError("input_invalid", `input ${name} ${reason}`);
    };
    if (given.dtype !== TENSOR_TYPES[dtype]) {
      refuse(`is ${given.dtype}, ${manifest.name} takes ${TENSOR_TYPES[dtype]}`);
    }
    const bytes = elementCount(given.shape) * ELEMENT_BYTES[dtype];
    if (given.data.length !== bytes) {
      refuse(`has ${given.data.length} bytes, want ${bytes} for [${given.shape.join(", ")}]`);
    }
    if (dtype === "bool" && given.data.some((byte) => byte > 1))
      refuse("holds a truth value other than 0 and 1");
    if (!isFiniteTensor(given.dtype, given.data)) refuse("holds a value that is not finite");
  }
}

function readTensor(executor: Executor, { tensor }: Port): Tensor {
  const { dtype } = executor.manifest.tensors[tensor]!;
  const data = readFinite(executor, tensor).slice();
  return { dtype: TENSOR_TYPES[dtype], shape: [...executor.shape(tensor)], data };
}

/** A view of what others will read. Policy: an answer is of numbers; a model that overflows gives none. */
function readFinite(executor: Executor, tensor: number): Bytes {
  const view = executor.tensor(tensor);
  const { dtype } = executor.manifest.tensors[tensor]!;
  return isFiniteTensor(TENSOR_TYPES[dtype], view) ? view : refuseOutput(executor, "that is not finite");
}

/**
 * A view of what others will compare. Policy: of a NaN there are many bit patterns, so that honest workers could
 * contradict each other; an infinity, as masks of attention have it, is the same everywhere.
 */
function readBlock(executor: Executor, tensor: number): Bytes {
  const view = executor.tensor(tensor);
  const { dtype } = executor.manifest.tensors[tensor]!;
  return holdsNaN(dtype, view) ? refuseOutput(executor, "that is no number") : view;
}

function refuseOutput(executor: Executor, which: string): never {
  const { name } = executor.manifest;
  throw new InferenceError("output_not_finite", `${name} computes a value ${which} for this input`);
}
