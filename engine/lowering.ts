// One operation, with its tensors and attributes bound, on its way to kernel calls. Every shape is checked here against
// the tensors that it names, so that no kernel is ever called out of bounds. The numbers derived here (+ − × ÷ in f64,
// rounded to f32 as they are stored) do not depend on the content of any request.
import { InferenceError } from "../protocol/errors.ts";
import type { Family, KernelValues } from "../wasm/families.ts";
import { align } from "../wasm/memory.ts";
import { ACTIVATION } from "../wasm/operators.ts";
import { type PackedFormat, packedBytes } from "../wasm/packed.ts";
import { findUnwritable } from "../wasm/params.ts";
import { scratchBytes } from "../wasm/scratch.ts";
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

/** What an operation takes a range of the weights for. */
export interface PackedWeights {
  /** The operation, for messages. */
  readonly title: string;
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
  #opCount = 0;
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

  /** Multiply-adds, or elements for operations without any: the unit of op budgets. No operation is for nothing. */
  get opCount(): number {
    return Math.max(1, this.#opCount);
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

  /** Of one of these types; of any where none is named. */
  input(index = 0, ...types: readonly ElementType[]): BoundTensor {
    return this.optional(index, ...types) ?? this.refuse(`input ${index} is absent`);
  }

  output(index = 0, ...types: readonly ElementType[]): BoundTensor {
    const output = this.#outputs[index] ?? this.refuse(`output ${index} is absent`);
    if (types.length > 0) this.expect(`type of output ${index}`, output.dtype, ...types);
    return output;
  }

  /** An input that may be absent. */
  optional(index: number, ...types: readonly ElementType[]): BoundTensor | null {
    const input = this.#inputs[index] ?? null;
    if (input !== null && types.length > 0) this.expect(`type of input ${index}`, input.dtype, ...types);
    return input;
  }

  /**
   * A kernel call; its scratch lies behind what the operation took before. Where all outputs are empty there is none:
   * kernels go through outer axes whatever lies inside of them, and the count of the operation is about elements.
   */
  step<F extends Family>(family: F, values: ValuesWithoutScratch<F>): void {
    if (this.#outputs.every((output) => output === null || output.count === 0)) return;
    const given = { ...values, scratch: this.#bases.scratch + this.#taken } as unknown as KernelValues<F>;
    const flaw = findUnwritable(family, given);
    if (flaw !== null) this.refuse(flaw);
    this.#wanted = Math.max(this.#wanted, scratchBytes(family, given));
    // The union of families cannot follow that family and values belong together.
    this.steps.push({ family, values: given } as unknown as Step);
  }

  /** A pointer to bytes that no kernel of this operation takes for its scratch. To be called before step(). */
  take(bytes: number): number {
    this.need(this.steps.length === 0, "scratch is taken before the first call");
    const pointer = this.#bases.scratch + this.#taken;
    this.#taken += align(bytes);
    return pointer;
  }

  /** attacker-controlled: a range shorter than what the kernel reads would reach into other weights. */
  weights(format: PackedFormat, range: WeightRange, outputs: number, inputs: number): number {
    this.need(
      inputs <= MAX_EXACT_INPUTS,
      `sums of ${inputs} products, at most ${MAX_EXACT_INPUTS} are exact`,
    );
    this.expect("bytes of weights", range.bytes, packedBytes(format, outputs, inputs));
    this.packed.push({ title: this.#title, format, inputs, range });
    return this.#bases.weights + range.offset;
  }

  /**
   * Adds the rounds of a kernel's loops to the operation's count: `each` for every one of `outputs`, and one where
   * `each` is 0, because a sum of nothing is stored too.
   */
  work(outputs: number, each = 1): void {
    const count = outputs * Math.max(1, each);
    this.need(count <= MAX_OPERATION_COUNT, `${count} multiply-adds, the limit is ${MAX_OPERATION_COUNT}`);
    this.#opCount += count;
  }

  /** Times a byte, and summed with another such product, it stays far below the largest f32. */
  multiplier(scale: number): number {
    this.need(
      scale > 0 && scale <= MAX_MULTIPLIER,
      `the ratio of scales is ${scale}, want above 0 to ${MAX_MULTIPLIER}`,
    );
    return scale;
  }

  /** Integers of the type for qs8; in order, whatever the type. */
  clamp(min: number, max: number, dtype: ElementType): { outputMin: number; outputMax: number } {
    const holds = (bound: number) => Number.isInteger(bound) && bound >= -128 && bound <= 127;
    this.need(
      min <= max && (dtype === "f32" || (holds(min) && holds(max))),
      `a clamp of ${min} to ${max}, want it in order, and of int8 from -128 to 127`,
    );
    return { outputMin: min, outputMax: max };
  }

  /** What an f32 product or convolution does behind its clamp; nothing else can. The manifest's reals are finite. */
  activation(activation: number, offset: number, dtype: ElementType): { activation: number; offset: number } {
    this.expectWithin("activation", activation, 0, dtype === "f32" ? ACTIVATION.length - 1 : 0);
    return { activation, offset };
  }

  /** One of those that are wanted has to be there. */
  expect<T extends number | string>(title: string, there: T, ...wanted: readonly T[]): void {
    this.need(wanted.includes(there), `${title} is ${there}, want ${wanted.join(" or ")}`);
  }

  /** min ≤ there ≤ max, both included. */
  expectWithin(title: string, there: number, min: number, max: number): void {
    this.need(there >= min && there <= max, `${title} is ${there}, want ${min} to ${max}`);
  }

  expectShape(title: string, there: readonly number[], want: readonly number[]): void {
    this.expect(`shape of ${title}`, `[${there.join(", ")}]`, `[${want.join(", ")}]`);
  }

  /** For what expect() cannot say: `reason` tells what is there and what is wanted. */
  need(condition: boolean, reason: string): void {
    if (!condition) this.refuse(reason);
  }

  refuse(reason: string): never {
    throw new InferenceError("manifest_invalid", `${this.#title}: ${reason}`);
  }
}

/** The product of the sizes; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of the elements, end to end. */
export function tensorBytes({ dtype, shape }: Pick<BoundTensor, "dtype" | "shape">): number {
  return elementCount(shape) * ELEMENT_BYTES[dtype];
}
