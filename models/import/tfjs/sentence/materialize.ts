// Computes what is known of the sentence's length out of the tokens' shape, where data is combined with it after all.
import type { Constant, DataType } from "../../../graph.ts";
import { type GraphBuilder, int64s } from "../builder.ts";
import type { Size } from "../size.ts";
import { type Affine, type Form, fromSizes, isConstant, isLong, numberOf, TOKENS } from "./affine.ts";

export class Materializer {
  readonly #builder: GraphBuilder;
  #length: string | undefined;
  #coordinates: string | undefined;

  constructor(builder: GraphBuilder) {
    this.#builder = builder;
  }

  /** A vector of i64 that a Reshape takes: one size may be found out from the others. Null where a size is not known. */
  shape(near: string, sizes: readonly Size[]): string | null {
    const open = sizes.filter((size) => typeof size !== "number").length;
    if (open <= 1 && !sizes.includes(null)) {
      return this.#constant(
        near,
        sizes.map((size) => (typeof size === "number" ? size : -1)),
      );
    }
    const vector = fromSizes("i64", sizes);
    return vector && this.#vector(near, vector);
  }

  /** Null where it is neither constant, nor a vector of lengths, nor the coordinates along one long axis. */
  make(near: string, value: Affine): string | null {
    const { dtype, shape, forms } = value;
    if (!shape.some(isLong) && forms.every(isConstant)) {
      const constant = createConstant(
        dtype,
        shape as readonly number[],
        forms.map((form) => form.constant),
      );
      return constant && this.#builder.addConstant(near, constant);
    }
    if (!shape.some(isLong))
      return this.#cast(near, this.#shaped(near, this.#vector(near, value), shape), dtype);
    const target = this.shape(near, shape);
    const [form] = forms;
    if (target === null || form === undefined || forms.length > 1) return null;
    const filling = numberOf(value);
    if (filling !== null) {
      const scalar = this.#builder.emit(near, "Squeeze", [
        this.#constant(near, [filling]),
        this.#constant(near, [0]),
      ]);
      const sizes = this.#vector(near, fromSizes("i64", shape)!);
      return this.#builder.emit(near, "Expand", [this.#cast(near, scalar, dtype), sizes]);
    }
    const steps = form.steps.filter((step) => step !== 0);
    if (form.length !== 0 || steps.length !== 1 || shape.filter(isLong).length !== 1) return null;
    const coordinates = this.#affine(near, this.#allCoordinates(), steps[0]!, form.constant);
    return this.#shaped(near, this.#cast(near, coordinates, dtype), shape);
  }

  /** The forms, which have no coordinates, one after the other. */
  #vector(near: string, { forms }: Affine): string {
    const parts: string[] = [];
    let numbers: number[] = [];
    for (const form of [...forms, null]) {
      if (form !== null && isConstant(form)) {
        numbers.push(form.constant);
        continue;
      }
      if (numbers.length > 0) parts.push(this.#constant(near, numbers));
      numbers = [];
      if (form !== null) parts.push(this.#lengthForm(near, form));
    }
    return parts.length === 1 ? parts[0]! : this.#builder.emit(near, "Concat", parts, { axis: 0 });
  }

  #lengthForm(near: string, { constant, length }: Form): string {
    this.#length ??= this.#builder.emit(TOKENS, "Shape", [TOKENS]);
    return this.#affine(near, this.#length, length, constant);
  }

  #affine(near: string, value: string, factor: number, summand: number): string {
    const product =
      factor === 1 ? value : this.#builder.emit(near, "Mul", [value, this.#constant(near, [factor])]);
    return summand === 0
      ? product
      : this.#builder.emit(near, "Add", [product, this.#constant(near, [summand])]);
  }

  /** 0 … n − 1 */
  #allCoordinates(): string {
    if (this.#coordinates === undefined) {
      const scalar = (vector: string) =>
        this.#builder.emit(TOKENS, "Squeeze", [vector, this.#constant(TOKENS, [0])]);
      const length = this.#lengthForm(TOKENS, { constant: 0, length: 1, steps: [] });
      const [zero, one] = [0, 1].map((value) =>
        this.#builder.addConstant(TOKENS, { dtype: "i64", shape: [], data: BigInt64Array.of(BigInt(value)) }),
      );
      this.#coordinates = this.#builder.emit(TOKENS, "Range", [zero!, scalar(length), one!]);
    }
    return this.#coordinates;
  }

  #shaped(near: string, vector: string, shape: readonly Size[]): string {
    const target = this.shape(near, shape);
    return shape.length === 1 || target === null
      ? vector
      : this.#builder.emit(near, "Reshape", [vector, target]);
  }

  #cast(near: string, value: string, dtype: Affine["dtype"]): string {
    return dtype === "i64" ? value : this.#builder.emit(near, "Cast", [value], { to: dtype });
  }

  #constant(near: string, values: readonly number[]): string {
    return this.#builder.addConstant(near, int64s(values));
  }
}

function createConstant(
  dtype: DataType,
  shape: readonly number[],
  values: readonly number[],
): Constant | null {
  switch (dtype) {
    case "f32":
      return { dtype, shape, data: Float32Array.from(values) };
    case "i32":
      return { dtype, shape, data: Int32Array.from(values) };
    case "i64":
      return { dtype, shape, data: BigInt64Array.from(values, BigInt) };
    case "bool":
      return { dtype, shape, data: Uint8Array.from(values) };
    default:
      return null;
  }
}
