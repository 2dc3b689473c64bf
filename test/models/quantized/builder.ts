// Writes a small model node by node, each value named as it comes.
import type { AttributeSpec, NodeSpec, TensorSpec } from "../import/encode-onnx.ts";
import { FLOAT } from "../import/encode-onnx.ts";
import { byte, draw, type RivalModel, scale, type Type, type TypedInput, tensor } from "./rival.ts";

type Attributes = Readonly<Record<string, AttributeSpec>>;

/** One scale, or one for each index of an axis. */
export interface Scaling {
  readonly scale?: number | readonly number[];
  readonly zeroPoint?: number;
  readonly axis?: number;
}

export const ints = (...values: number[]): AttributeSpec => ({ ints: values });

export class ModelBuilder {
  readonly #nodes: NodeSpec[] = [];
  readonly #initializers: TensorSpec[] = [];
  readonly #inputs: TypedInput[] = [];
  #count = 0;

  input(type: Type, ...shape: number[]): string {
    const name = this.#name();
    this.#inputs.push({ name, type, shape });
    return name;
  }

  constant(type: Type, dims: readonly number[], values: ArrayLike<number> = draw(type, dims)): string {
    const name = this.#name();
    this.#initializers.push(tensor(name, type, dims, values));
    return name;
  }

  add(spec: TensorSpec): string {
    const name = this.#name();
    this.#initializers.push({ ...spec, name });
    return name;
  }

  node(op: string, inputs: readonly string[], attributes: Attributes = {}, outputs = 1): string[] {
    const names = Array.from({ length: outputs }, () => this.#name());
    this.#nodes.push({ op, inputs, outputs: names, attributes });
    return names;
  }

  one(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.node(op, inputs, attributes)[0]!;
  }

  quantize(value: string, type: Type, scaling: Scaling = {}): string {
    return this.#pair("QuantizeLinear", value, type, scaling);
  }

  dequantize(value: string, type: Type, scaling: Scaling = {}): string {
    return this.#pair("DequantizeLinear", value, type, scaling);
  }

  /** To bytes and back. */
  through(value: string, type: Type, scaling: Scaling): string {
    return this.dequantize(this.quantize(value, type, scaling), type, scaling);
  }

  model(...outputs: string[]): RivalModel {
    return { inputs: this.#inputs, initializers: this.#initializers, nodes: this.#nodes, outputs };
  }

  #pair(
    op: string,
    value: string,
    type: Type,
    { scale: given = scale(), zeroPoint = byte(type), axis }: Scaling,
  ): string {
    const scales = typeof given === "number" ? [given] : given;
    const dims = typeof given === "number" ? [] : [given.length];
    const inputs = [
      this.constant(FLOAT, dims, scales),
      this.constant(
        type,
        dims,
        scales.map(() => zeroPoint),
      ),
    ];
    return this.one(op, [value, ...inputs], axis === undefined ? {} : { axis: { int: axis } });
  }

  #name(): string {
    return `v${this.#count++}`;
  }
}
