// A float program in static int8: qs8 activations with one scale a tensor, qc8w weights with one a channel. Products run
// in int8, and so does what only moves or pools their results; everything else stays f32, with conversions between.
import { BINARY } from "../../wasm/operators.ts";
import { equalShapes } from "../dimension.ts";
import { ModelError } from "../errors.ts";
import type { Layer } from "../layer.ts";
import { F32_MAX } from "../lower/ops.ts";
import { type Program, ProgramBuilder, type ProgramOp, rootOf } from "../program.ts";
import { chooseQuantization, type Quantization } from "./range.ts";
import type { Statistics } from "./statistics.ts";
import { type LayerInput, quantizeLayer } from "./weights.ts";

export interface StaticOptions {
  /** Of each f32 tensor of the program. */
  readonly statistics: ReadonlyMap<number, Statistics>;
  /** Operations that stay in f32, by the tensor that they write. */
  readonly keep: ReadonlySet<number>;
}

export interface StaticProgram {
  readonly program: Program;
  /** New tensor → the float tensor that it stands for. */
  readonly origins: ReadonlyMap<number, number>;
}

/** Throws ModelError: calibration_invalid, weights_invalid. */
export function quantizeStatic(program: Program, options: StaticOptions): StaticProgram {
  const writer = new Writer(program, options);
  for (const op of program.ops) writer.write(op);
  return writer.finish();
}

type Product = Extract<ProgramOp, { kind: "conv" | "dwconv" | "gemm" }>;

function isProduct(op: ProgramOp): op is Product {
  return op.kind === "conv" || op.kind === "dwconv" || op.kind === "gemm";
}

/** What moves or pools int8 as it is. */
const PASSING: ReadonlySet<ProgramOp["kind"]> = new Set(["avgpool", "maxpool", "transpose", "slice"]);

class Writer {
  readonly #program: Program;
  readonly #options: StaticOptions;
  readonly #builder = new ProgramBuilder();
  /** Of an old tensor: its new one in f32 (or whatever type it had), and in qs8. */
  readonly #real = new Map<number, number>();
  readonly #stored = new Map<number, number>();
  readonly #quantizations = new Map<number, Quantization>();
  /** What the zero point of a graph input cannot express. */
  readonly #offsets = new Map<number, number>();
  /** Old tensors that some operation would rather read in qs8. */
  readonly #wanted: ReadonlySet<number>;

  constructor(program: Program, options: StaticOptions) {
    this.#program = program;
    this.#options = options;
    this.#builder.symbols.push(...program.symbols);
    this.#wanted = this.#findWanted();
    for (const { name, tensor } of program.inputs) {
      this.#builder.inputs.push({ name, tensor: this.#copyTensor(tensor) });
    }
  }

  finish(): StaticProgram {
    const { outputs } = this.#program;
    for (const { name, tensor } of outputs)
      this.#builder.outputs.push({ name, tensor: this.#readReal(tensor) });
    const origins = new Map<number, number>();
    for (const [old, tensor] of [...this.#real, ...this.#stored]) origins.set(tensor, old);
    return { program: this.#builder.finish(), origins };
  }

  write(op: ProgramOp): void {
    if (op.kind === "convert" && this.#wanted.has(op.outputs[0]!)) this.#convert(op);
    else if (isProduct(op) && this.#isQuantizable(op)) this.#product(op);
    else if (op.inputs.length > 0 && op.inputs.every((tensor) => tensor >= 0 && this.#isStored(tensor)))
      this.#pass(op);
    else this.#copy(op);
  }

  /** An operation whose inputs are all stored in qs8 already. */
  #pass(op: ProgramOp): void {
    if (this.#isResidual(op)) this.#residual(op);
    else if (op.kind === "avgpool" && op.attributes.padded.length === 0) this.#pool(op);
    else if (op.kind === "maxpool" || op.kind === "transpose" || op.kind === "slice") this.#move(op);
    else this.#copy(op);
  }

  /** Inputs of products and of what passes them on: a result that nobody wants in qs8 may as well be real. */
  #findWanted(): ReadonlySet<number> {
    const wanted = new Set<number>();
    for (const op of [...this.#program.ops].reverse()) {
      const passes =
        (PASSING.has(op.kind) || this.#isResidual(op)) && wanted.has(rootOf(this.#program, op.outputs[0]!));
      if (!passes && !(isProduct(op) && this.#isQuantizable(op))) continue;
      for (const tensor of op.inputs) wanted.add(rootOf(this.#program, tensor));
    }
    return wanted;
  }

  #isQuantizable(op: Product): boolean {
    const { dtype } = this.#program.tensors[op.inputs[0]!]!;
    return (
      dtype === "f32" && op.attributes.weights.format === "f32" && !this.#options.keep.has(op.outputs[0]!)
    );
  }

  /** A sum of two tensors of one shape. */
  #isResidual(op: ProgramOp): boolean {
    const [a, b, output] = [...op.inputs, ...op.outputs].map((tensor) => this.#program.tensors[tensor]!);
    if (op.kind !== "binary" || BINARY[Number(op.attributes.code)] !== "add" || output?.dtype !== "f32")
      return false;
    return equalShapes(a!.shape, output.shape) && equalShapes(b!.shape, output.shape);
  }

  /** Bytes u become q = u − 128, exactly; scale and zero point say what q stands for. */
  #convert(op: Extract<ProgramOp, { kind: "convert" }>): void {
    const [output] = op.outputs as [number];
    const { scale, bias } = op.attributes;
    const exact = -(bias / scale) - 128;
    const zeroPoint = Math.max(-128, Math.min(127, Math.round(exact)));
    const quantization = { scale: Math.fround(scale), zeroPoint };
    this.#quantizations.set(output, quantization);
    this.#offsets.set(output, (zeroPoint - exact) * scale);
    const stored = this.#createStored(output, quantization);
    this.#builder.op("convert", op.name, [this.#readReal(op.inputs[0]!)], [stored], { scale: 1, bias: 0 });
  }

  #product(op: Product): void {
    const [input, output] = [op.inputs[0]!, op.outputs[0]!];
    const layer = op.attributes.weights as Extract<Layer, { format: "f32" }>;
    const stays = op.kind === "gemm" && !this.#wanted.has(output);
    const target: Quantization | null = stays ? null : this.#quantizationOf(output);
    const { means } = this.#statisticsOf(input);
    const source: LayerInput = {
      ...this.#quantizationOf(rootOf(this.#program, input)),
      offset: this.#offsets.get(rootOf(this.#program, input)) ?? 0,
      mean: (row, index) => means[(op.kind === "dwconv" ? row : index) % means.length]!,
    };
    const quantized = quantizeLayer(layer, source, target?.scale ?? 1);
    const weights: Layer = { format: "qc8w", outputs: layer.outputs, inputs: layer.inputs, ...quantized };
    const from = this.#readStored(input);
    const to = target === null ? this.#createReal(output) : this.#createStored(output, target);
    const { min, max } = op.attributes;
    const attributes = {
      ...op.attributes,
      weights,
      ...(target === null ? { min, max } : storeClamp(target, min, max)),
    };
    this.#builder.op(op.kind, op.name, [from], [to], attributes as never);
  }

  #residual(op: ProgramOp): void {
    const [output] = op.outputs as [number];
    const quantization = this.#quantizationOf(output);
    const inputs = op.inputs.map((tensor) => this.#readStored(tensor));
    const to = this.#createStored(output, quantization);
    this.#builder.op("add", op.name, inputs, [to], storeClamp(quantization, -F32_MAX, F32_MAX));
  }

  #pool(op: Extract<ProgramOp, { kind: "avgpool" }>): void {
    const [output] = op.outputs as [number];
    const quantization = this.#quantizationOf(output);
    const { min, max } = op.attributes;
    const from = this.#readStored(op.inputs[0]!);
    const to = this.#createStored(output, quantization);
    this.#builder.op("avgpool", op.name, [from], [to], {
      ...op.attributes,
      ...storeClamp(quantization, min, max),
    });
  }

  /** The output means what the input means. */
  #move(op: Extract<ProgramOp, { kind: "maxpool" | "transpose" | "slice" }>): void {
    const [output] = op.outputs as [number];
    const quantization = this.#quantizationOf(rootOf(this.#program, op.inputs[0]!));
    this.#quantizations.set(output, quantization);
    const from = this.#readStored(op.inputs[0]!);
    const to = this.#createStored(output, quantization);
    const clamp = op.kind === "maxpool" ? storeClamp(quantization, op.attributes.min, op.attributes.max) : {};
    this.#builder.op(op.kind, op.name, [from], [to], { ...op.attributes, ...clamp } as never);
  }

  #copy(op: ProgramOp): void {
    const inputs = op.inputs.map((tensor) => (tensor < 0 ? -1 : this.#readReal(tensor)));
    const outputs = op.outputs.map((tensor) => (tensor < 0 ? -1 : this.#createReal(tensor)));
    this.#builder.op(op.kind, op.name, inputs, outputs, op.attributes as never);
  }

  #isStored(tensor: number): boolean {
    return this.#stored.has(rootOf(this.#program, tensor));
  }

  #createReal(old: number): number {
    const { name, dtype, shape, scale, zeroPoint } = this.#program.tensors[old]!;
    const tensor = this.#builder.tensor(name, dtype, shape, scale, zeroPoint);
    this.#real.set(old, tensor);
    return tensor;
  }

  #createStored(old: number, { scale, zeroPoint }: Quantization): number {
    const { name, shape } = this.#program.tensors[old]!;
    const tensor = this.#builder.tensor(name, "qs8", shape, scale, zeroPoint);
    this.#stored.set(old, tensor);
    return tensor;
  }

  #copyTensor(old: number): number {
    const tensor = this.#builder.tensors.push(this.#program.tensors[old]!) - 1;
    this.#real.set(old, tensor);
    return tensor;
  }

  #readReal(old: number): number {
    const known = this.#real.get(old);
    if (known !== undefined) return known;
    const tensorOf = this.#program.tensors[old]!;
    const { name, storage } = tensorOf;
    if (typeof storage === "number") {
      // Bytes may have another meaning too, where the model itself is quantized.
      const view = this.#builder.tensors.push({ ...tensorOf, storage: this.#readReal(storage) }) - 1;
      this.#real.set(old, view);
      return view;
    }
    const stored = this.#stored.get(old);
    if (stored === undefined) return this.#copyTensor(old);
    const tensor = this.#createReal(old);
    const inputs = [stored, ...this.#quantizationConstants(name, this.#quantizationOf(old))];
    this.#builder.op("dequantize", name, inputs, [tensor], { axis: 0 });
    return tensor;
  }

  #readStored(old: number): number {
    const known = this.#stored.get(old);
    if (known !== undefined) return known;
    const { name, shape, storage } = this.#program.tensors[old]!;
    if (typeof storage === "number") {
      const view = this.#builder.view(this.#readStored(storage), shape);
      this.#stored.set(old, view);
      return view;
    }
    const real = this.#readReal(old);
    const quantization = this.#quantizationOf(old);
    const tensor = this.#createStored(old, quantization);
    const inputs = [real, ...this.#quantizationConstants(name, quantization)];
    this.#builder.op("quantize", name, inputs, [tensor], { axis: 0 });
    return tensor;
  }

  #quantizationConstants(name: string, { scale, zeroPoint }: Quantization): [number, number] {
    const scales = new Uint8Array(Float32Array.of(scale).buffer);
    const zeroPoints = new Uint8Array(Int32Array.of(zeroPoint).buffer);
    return [
      this.#builder.constant(`${name}:scale`, "f32", [1], scales),
      this.#builder.constant(`${name}:zero`, "i32", [1], zeroPoints),
    ];
  }

  #quantizationOf(old: number): Quantization {
    const known = this.#quantizations.get(old);
    if (known !== undefined) return known;
    const chosen = chooseQuantization(this.#statisticsOf(old));
    this.#quantizations.set(old, chosen);
    return chosen;
  }

  #statisticsOf(old: number): Statistics {
    const found = this.#options.statistics.get(rootOf(this.#program, old));
    if (found === undefined) {
      const { name } = this.#program.tensors[old]!;
      throw new ModelError("calibration_invalid", `no calibration statistics of ${name}`);
    }
    return found;
  }
}

/** A clamp in stored units; the type's own bounds where there is none. */
function storeClamp(
  { scale, zeroPoint }: Quantization,
  min: number,
  max: number,
): { min: number; max: number } {
  const store = (real: number) => Math.max(-128, Math.min(127, Math.round(real / scale) + zeroPoint));
  return { min: store(min), max: store(max) };
}
