// One model in one linear memory: the kernels' page, the weights, and behind them whatever the plan of a run needs:
// parameter blocks, arena and scratch. A run is a loop of kernel calls, and nothing is allocated while it runs.
import { InferenceError } from "../protocol/errors.ts";
import type { Tensor } from "../protocol/tensor.ts";
import type { Isa } from "../wasm/families.ts";
import { instantiateKernels, type Kernel, type Kernels } from "../wasm/kernels.ts";
import { align, FIRST_FREE_BYTE } from "../wasm/memory.ts";
import { findFlaw } from "../wasm/packed.ts";
import { paramsBytes, writeParams } from "../wasm/params.ts";
import { lowerOperation } from "./bind.ts";
import { findConstantFlaw } from "./constants.ts";
import { bindSymbols } from "./dimensions.ts";
import { MAX_MULTIPLIER, type PackedWeights, tensorBytes } from "./lowering.ts";
import type { Manifest } from "./manifest.ts";
import { MAX_MODEL_MEMORY_BYTES, type Plan, planMemory, planRun } from "./plan.ts";

const PAGE_BYTES = 65_536;
const MAX_PAGES = Math.ceil(MAX_MODEL_MEMORY_BYTES / PAGE_BYTES) + 2;
/** Plans that are kept for sizes that come again. */
const MAX_KEPT_RUNS = 16;

/** A plan with its parameter blocks, ready to be put into memory. */
interface Run {
  readonly plan: Plan;
  readonly params: Uint8Array;
  readonly tensors: readonly number[];
  /** Kernel and parameter block of each call, operation by operation. */
  readonly steps: readonly (readonly { readonly kernel: Kernel; readonly params: number }[])[];
}

/** What a run takes: shape and bytes of each input. */
export type RunInput = Pick<Tensor, "shape" | "data">;

/** A manifest and its weights, ready to run: for whoever wants every tensor, not the outputs alone. */
export type Runner = Pick<
  Executor,
  "manifest" | "memoryBytes" | "opCount" | "prepare" | "run" | "shape" | "tensor"
>;

/** Throws InferenceError: manifest_invalid, budget_exceeded, memory_exhausted. `weights` are those of the manifest. */
export function createRunner(
  kernels: WebAssembly.Module,
  isa: Isa,
  { manifest, weights }: { readonly manifest: Manifest; readonly weights: Uint8Array },
): Runner {
  const executor = new Executor(kernels, isa, manifest);
  executor.weights.set(weights);
  executor.checkWeights();
  return executor;
}

/** Whoever makes one writes and checks the weights before anything runs. */
export class Executor {
  readonly manifest: Manifest;
  readonly #isa: Isa;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Kernels;
  /** Where the plan's regions begin: behind the weights. */
  readonly #base: number;
  /** What checkWeights() checks the weights for, whatever the sizes. */
  readonly #packed: readonly PackedWeights[];
  /** By the values of the symbols; the least recently used comes first. */
  readonly #runs = new Map<string, Run>();
  #current: Run;

  /** Throws InferenceError as planMemory does. The weights are still to be written. */
  constructor(kernels: WebAssembly.Module, isa: Isa, manifest: Manifest) {
    const largest = planMemory(manifest);
    if (largest.arenaBytes !== manifest.memory.arena) {
      throw new InferenceError(
        "manifest_invalid",
        `${manifest.name} states an arena of ${manifest.memory.arena} bytes, it needs ${largest.arenaBytes}`,
      );
    }
    this.manifest = manifest;
    this.#isa = isa;
    this.#packed = largest.packed;
    this.#base = FIRST_FREE_BYTE + align(manifest.memory.weights);
    // Sizes that no request has asked for yet take no memory: it grows with the first that does.
    const fixed = manifest.symbols.length === 0 ? largest.totalBytes : manifest.memory.weights;
    const initial = Math.ceil((FIRST_FREE_BYTE + fixed) / PAGE_BYTES) + 1;
    this.#memory = reserve(
      manifest,
      () => new WebAssembly.Memory({ initial, maximum: Math.max(initial, MAX_PAGES) }),
    );
    this.#kernels = instantiateKernels(kernels, this.#memory);
    this.#current = this.#prepare(manifest.symbols.map(({ min }) => min));
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Of a run with the sizes that were prepared last. */
  get opCount(): number {
    return this.#current.plan.opCount;
  }

  /** The bytes where the weights belong, to be filled before the first run. */
  get weights(): Uint8Array<ArrayBuffer> {
    return this.#view(FIRST_FREE_BYTE, this.manifest.memory.weights);
  }

  /**
   * To be called once the weights are written, because what they hold must not make honest workers differ: NaNs, whose
   * bits depend on the processor, or padding that lets in what earlier calls left in scratch. Throws InferenceError
   * manifest_invalid naming the operation or the tensor.
   */
  checkWeights(): void {
    for (const { title, format, inputs, range } of this.#packed) {
      const view = new DataView(this.#memory.buffer, FIRST_FREE_BYTE + range.offset, range.bytes);
      const flaw = findFlaw(view, format, inputs, MAX_MULTIPLIER);
      if (flaw !== null) throw new InferenceError("manifest_invalid", `${title}: weights with ${flaw}`);
    }
    const { name, tensors } = this.manifest;
    for (const [index, { dtype, storage }] of tensors.entries()) {
      if (storage === null || typeof storage === "number") continue;
      const flaw = findConstantFlaw(this.#view(FIRST_FREE_BYTE + storage.offset, storage.bytes), dtype);
      if (flaw !== null) {
        throw new InferenceError("manifest_invalid", `${name}: constant tensor ${index} has ${flaw}`);
      }
    }
  }

  /**
   * Makes ready for inputs of these shapes, as run() does by itself: shape() and tensor() are about them from here on.
   * Throws InferenceError: input_invalid, memory_exhausted, budget_exceeded, manifest_invalid.
   */
  prepare(shapes: readonly (readonly number[])[]): void {
    this.#current = this.#prepare(bindSymbols(this.manifest, shapes));
  }

  /**
   * Runs every operation in order (I1, I5). `after` sees the memory as it is after each, and first, as −1, with the
   * inputs in their places; another run from within would mix the two. Throws InferenceError as prepare does.
   */
  run(inputs: readonly RunInput[], after: (op: number) => void = () => {}): void {
    this.load(inputs);
    after(-1);
    this.runOperations(0, this.manifest.ops.length - 1, after);
  }

  /** prepare() for the shapes of the inputs, which are put in their places. */
  load(inputs: readonly RunInput[]): void {
    this.prepare(inputs.map(({ shape }) => shape));
    for (const [index, { tensor }] of this.manifest.inputs.entries())
      this.tensor(tensor).set(inputs[index]!.data);
  }

  /** A part of run(): the operations from `first` to `last`. What they read from before has to be in its place. */
  runOperations(first: number, last: number, after: (op: number) => void = () => {}): void {
    const { steps } = this.#current;
    for (let op = first; op <= last; op++) {
      for (const { kernel, params } of steps[op]!) kernel(params);
      after(op);
    }
  }

  /** Shape of a tensor, with the sizes that were prepared last. */
  shape(index: number): readonly number[] {
    return this.#current.plan.bound.tensors[index]!.shape;
  }

  /** A view of a tensor's bytes; another tensor's once the arena gives them away. */
  tensor(index: number): Uint8Array<ArrayBuffer> {
    const { plan, tensors } = this.#current;
    return this.#view(tensors[index]!, tensorBytes(plan.bound.tensors[index]!));
  }

  #prepare(symbols: readonly number[]): Run {
    const key = symbols.join();
    const run = this.#runs.get(key) ?? this.#createRun(planRun(this.manifest, symbols));
    this.#runs.delete(key);
    this.#runs.set(key, run);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > MAX_KEPT_RUNS && oldest !== undefined) this.#runs.delete(oldest);
    if (this.#current !== run) this.#view(this.#base, run.params.length).set(run.params);
    return run;
  }

  #createRun(plan: Plan): Run {
    const { manifest } = this;
    this.#checkPacked(plan.packed);
    const end = FIRST_FREE_BYTE + plan.totalBytes;
    const missing = Math.ceil((end - this.#memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) reserve(manifest, () => this.#memory.grow(missing));
    const arena = this.#base + plan.paramsBytes;
    const bases = { weights: FIRST_FREE_BYTE, scratch: arena + align(plan.arenaBytes) };
    const { tensors } = plan.bound;
    const roots = (index: number): number => {
      const { storage } = tensors[index]!;
      return typeof storage === "number" ? roots(storage) : index;
    };
    const pointers = plan.offsets.map(
      (offset, index) => offset + (tensors[roots(index)]!.storage === null ? arena : FIRST_FREE_BYTE),
    );
    const params = new Uint8Array(plan.paramsBytes);
    const view = new DataView(params.buffer);
    let at = 0;
    const steps = manifest.ops.map((_, op) => {
      const lowering = lowerOperation(plan.bound, op, bases, (tensor) => pointers[tensor]!);
      return lowering.steps.map(({ family, values }) => {
        writeParams(view, at, family, values);
        const step = { kernel: this.#kernels[family][this.#isa], params: this.#base + at };
        at += align(paramsBytes(family));
        return step;
      });
    });
    return { plan, params, tensors: pointers, steps };
  }

  /** attacker-controlled: weights were checked in the layout of the largest sizes, and sizes may decide the layout. */
  #checkPacked(packed: readonly PackedWeights[]): void {
    for (const [index, { title, format, inputs }] of packed.entries()) {
      const checked = this.#packed[index]!;
      if (format !== checked.format || inputs !== checked.inputs) {
        throw new InferenceError(
          "manifest_invalid",
          `${title}: ${format} weights of ${inputs} inputs, of ${checked.inputs} in ${checked.format} at the largest sizes; sizes must not decide the layout of weights`,
        );
      }
    }
  }

  #view(pointer: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer, pointer, bytes);
  }
}

/** The host may have less memory than the limit lets a model have. */
function reserve<T>({ name }: Manifest, allocate: () => T): T {
  try {
    return allocate();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InferenceError(
      "memory_exhausted",
      `${name}: the host has no memory left for it (${error.message})`,
    );
  }
}
