// One operation, with its tensors and attributes bound, on its way to kernel calls. Every shape is checked here against
// the tensors that it names, so that no kernel is ever called out of bounds. The numbers derived here (+ − × ÷ in f64,
// rounded to f32 as they are stored) do not depend on the content of any request.
import { InferenceError } from "../protocol/errors.ts";
import { ALIGNMENT_BYTES } from "../wasm/arena.ts";
import { type Family, type KernelValues, scratchBytes } from "../wasm/kernels.ts";
import { ACTIVATION } from "../wasm/operators.ts";
import { type PackedFormat, packedBytes } from "../wasm/packed.ts";
import { ELEMENT_BYTES, type ElementType, type WeightRange } from "./manifest.ts";

/** A tensor whose shape is known. */
export interface BoundTensor {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly scale: number;
  readonly zeroPoint: number;
  /** Elements. */
  readonly count: number;
  readonly pointer: number;
}

export interface PackedWeights {
  readonly format: PackedFormat;
  readonly inputs: number;
  readonly range: WeightRange;
}

export interface Step<F extends Family = Family> {
  readonly family: F;
  readonly values: KernelValues<F>;
}

/** Where things are; all 0 while only sizes are wanted. */
export interface Bases {
  readonly weights: number;
  readonly scratch: number;
}

/** An honest ratio of scales is near 1; what matters is that no product of it can overflow. */
export const MAX_MULTIPLIER = 2 ** 64;
/** Sums of products of bytes stay within i32 up to here (docs/kernels.md, "Exactness"). */
const MAX_EXACT_INPUTS = 65_535;
/** Far above what a run may take, and sums of it are safe integers. */
const MAX_OPERATION_COUNT = 2 ** 40;

/** What a kernel is given besides its scratch, which is placed here. */
type ValuesWithoutScratch<F extends Family> = Omit<KernelValues<F>, "scratch">;

export class Lowering {
  readonly steps: Step[] = [];
  /** What is left to check once the weights are there. */
  readonly packed: PackedWeights[] = [];
  /** Multiply-adds, or elements for operations without any: the unit of op budgets. */
  opCount = 0;
  readonly #title: string;
  readonly #inputs: readonly (BoundTensor | null)[];
  readonly #outputs: readonly (BoundTensor | null)[];
  readonly #bases: Bases;
  /** Taken by the operation itself, for as long as it runs. */
  #taken = 0;
  /** The most that any of its kernels wants behind that. */
  #wanted = 0;

  constructor(
    title: string,
    inputs: readonly (BoundTensor | null)[],
    outputs: readonly (BoundTensor | null)[],
    bases: Bases,
  ) {
    this.#title = title;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#bases = bases;
  }

  get scratchBytes(): number {
    return this.#taken + this.#wanted;
  }

  get inputCount(): number {
    return this.#inputs.length;
  }

  get outputCount(): number {
    return this.#outputs.length;
  }

  /** Throws InferenceError manifest_invalid where the operation lacks it. */
  input(index = 0): BoundTensor {
    return this.#inputs[index] ?? this.refuse(`input ${index} is absent`);
  }

  output(index = 0): BoundTensor {
    return this.#outputs[index] ?? this.refuse(`output ${index} is absent`);
  }

  optional(index: number): BoundTensor | null {
    return this.#inputs[index] ?? null;
  }

  optionalOutput(index: number): BoundTensor | null {
    return this.#outputs[index] ?? null;
  }

  /** A kernel call; its scratch lies behind what the operation took before. */
  step<F extends Family>(family: F, values: ValuesWithoutScratch<F>): void {
    const given = { ...values, scratch: this.#bases.scratch + this.#taken } as unknown as KernelValues<F>;
    this.#wanted = Math.max(this.#wanted, scratchBytes(family, given));
    // The union of families cannot follow that family and values belong together.
    this.steps.push({ family, values: given } as unknown as Step);
  }

  /** A pointer to bytes that no kernel of this operation takes for its scratch. To be called before step(). */
  take(bytes: number): number {
    this.need(this.steps.length === 0, "scratch taken late");
    const pointer = this.#bases.scratch + this.#taken;
    this.#taken += Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    return pointer;
  }

  /** attacker-controlled: a range shorter than what the kernel reads would reach into other weights. */
  weights(format: PackedFormat, range: WeightRange, outputs: number, inputs: number): number {
    this.need(
      inputs <= MAX_EXACT_INPUTS,
      `sums of ${inputs} products, at most ${MAX_EXACT_INPUTS} are exact`,
    );
    const want = packedBytes(format, outputs, inputs);
    this.need(range.bytes === want, `${range.bytes} bytes of weights, want ${want}`);
    this.packed.push({ format, inputs, range });
    return this.#bases.weights + range.offset;
  }

  /** Adds `outputs` × `each` to the operation's count. */
  work(outputs: number, each = 1): void {
    this.need(outputs * each <= MAX_OPERATION_COUNT, "too many multiply-adds");
    this.opCount += outputs * each;
  }

  /** Times a byte, and summed with another such product, it stays far below the largest f32. */
  multiplier(scale: number): number {
    this.need(scale > 0 && scale <= MAX_MULTIPLIER, `scales whose ratio is ${scale}`);
    return scale;
  }

  /** Integers of the type for qs8; in order, whatever the type. */
  clamp(min: number, max: number, dtype: ElementType): { outputMin: number; outputMax: number } {
    const holds = (bound: number) => Number.isInteger(bound) && bound >= -128 && bound <= 127;
    this.need(min <= max && (dtype === "f32" || (holds(min) && holds(max))), `a clamp of ${min} to ${max}`);
    return { outputMin: min, outputMax: max };
  }

  /** What an f32 product or convolution does behind its clamp; nothing else can. The manifest's reals are finite. */
  activation(activation: number, offset: number, dtype: ElementType): { activation: number; offset: number } {
    this.need(activation in ACTIVATION, `activation ${activation}`);
    this.need(activation === 0 || dtype === "f32", `an activation of ${dtype}`);
    return { activation, offset };
  }

  need(condition: boolean, reason: string): void {
    if (!condition) this.refuse(reason);
  }

  refuse(reason: string): never {
    throw new InferenceError("manifest_invalid", `${this.#title}: ${reason}`);
  }
}

export function elementCount({ shape }: { readonly shape: readonly number[] }): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function tensorBytes({ dtype, shape }: Pick<BoundTensor, "dtype" | "shape">): number {
  return elementCount({ shape }) * ELEMENT_BYTES[dtype];
}
