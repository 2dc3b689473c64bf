// One planned model in one linear memory: weights, parameter blocks, arena and scratch are laid out once, and a run
// is a loop of kernel calls. Nothing is allocated while it runs.
import { InferenceError } from "../protocol/errors.ts";
import { ALIGNMENT_BYTES, createArena, FIRST_FREE_BYTE } from "../wasm/arena.ts";
import { type Isa, instantiateKernels, type Kernel, paramsBytes, writeParams } from "../wasm/kernels.ts";
import { findFlaw } from "../wasm/packed.ts";
import { type KernelCall, lower, MAX_MULTIPLIER } from "./lower.ts";
import type { Manifest } from "./manifest.ts";
import { planMemory, tensorBytes } from "./plan.ts";

const PAGE_BYTES = 65_536;

/** A planned model in its own memory. Callers run it without awaiting in between, or its tensors mix. */
export class Executor {
  readonly manifest: Manifest;
  readonly opCount: number;
  readonly #memory: WebAssembly.Memory;
  readonly #weights: number;
  readonly #tensors: readonly number[];
  readonly #calls: readonly KernelCall[];
  readonly #steps: readonly { readonly kernel: Kernel; readonly params: number }[];

  /** Throws InferenceError as planMemory does. The weights are still to be written. */
  constructor(kernels: WebAssembly.Module, isa: Isa, manifest: Manifest) {
    const plan = planMemory(manifest);
    const { weights, arena } = manifest.memory;
    if (plan.arenaBytes !== arena) {
      throw new InferenceError(
        "manifest_invalid",
        `${manifest.name} states an arena of ${arena} bytes, it needs ${plan.arenaBytes}`,
      );
    }
    const blocks = plan.families.map(paramsBytes);
    const regions = [weights, ...blocks, arena, plan.scratchBytes];
    // Each region may be moved up to start at a cache line.
    const bytes = regions.reduce((sum, region) => sum + region + ALIGNMENT_BYTES, FIRST_FREE_BYTE);
    const pages = Math.ceil(bytes / PAGE_BYTES);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const region = createArena(this.#memory);
    this.#weights = region.allocate(weights);
    const params = blocks.map((size) => region.allocate(size));
    const tensors = region.allocate(arena);
    this.#tensors = plan.offsets.map((offset) => tensors + offset);
    const addresses = {
      tensor: (index: number) => this.#tensors[index]!,
      weights: (offset: number) => this.#weights + offset,
      scratch: region.allocate(plan.scratchBytes),
    };
    this.manifest = manifest;
    this.opCount = plan.opCount;
    const exports = instantiateKernels(kernels, this.#memory);
    const view = new DataView(this.#memory.buffer);
    this.#calls = manifest.ops.map((_, op) => lower(manifest, op, addresses));
    this.#steps = this.#calls.map(({ family, values }, op) => {
      writeParams(view, params[op]!, family, values);
      return { kernel: exports[family][isa], params: params[op]! };
    });
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** The bytes where the weights belong, to be filled before the first run. */
  get weights(): Uint8Array<ArrayBuffer> {
    return this.#view(this.#weights, this.manifest.memory.weights);
  }

  /**
   * To be called once the weights are written, because what they hold must not make honest workers differ: NaNs, whose
   * bits depend on the processor, or padding that lets in what earlier calls left in scratch. Throws InferenceError
   * manifest_invalid naming the operation.
   */
  checkWeights(): void {
    for (const [op, { packed }] of this.#calls.entries()) {
      if (packed === null) continue;
      const { format, inputs, range } = packed;
      const view = new DataView(this.#memory.buffer, this.#weights + range.offset, range.bytes);
      const flaw = findFlaw(view, format, inputs, MAX_MULTIPLIER);
      if (flaw === null) continue;
      throw new InferenceError("manifest_invalid", `${this.manifest.name}: operation ${op} has ${flaw}`);
    }
  }

  /** A view of a tensor's bytes; another tensor's once the arena gives them away. */
  tensor(index: number): Uint8Array<ArrayBuffer> {
    return this.#view(this.#tensors[index]!, tensorBytes(this.manifest.tensors[index]!));
  }

  /** Runs every operation in order (I1, I5); `after` sees the memory as it is after each. */
  run(after: (op: number) => void): void {
    for (let op = 0; op < this.#steps.length; op++) {
      const { kernel, params } = this.#steps[op]!;
      kernel(params);
      after(op);
    }
  }

  #view(pointer: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer, pointer, bytes);
  }
}
