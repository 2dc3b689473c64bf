// The values of a graph while it is lowered, and the tensors that hold them.

import { bytesOf, transposeConstant } from "../constant.ts";
import type { Size } from "../dimension.ts";
import { formatShape } from "../dimension.ts";
import { ModelError } from "../errors.ts";
import type { Constant, DataType } from "../graph.ts";
import { ProgramBuilder } from "../program.ts";
import { ELEMENT_TYPES, identityOrder, type Place, sameLayout, type Value } from "../value.ts";

/** What int8 stands for: scale · (q − zeroPoint). */
export interface Quantization {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** A tensor of more elements than this does not fit beside its weights in an isolate of 128 MB. */
const MAX_TENSOR_ELEMENTS = 24 * 1024 * 1024;

export class Context {
  readonly builder = new ProgramBuilder();
  readonly #values = new Map<string, Value>();
  /** Of values in uint8: the same numbers less 128, in int8. One of the two may have no tensor yet. */
  readonly #signed = new WeakMap<Value, Value>();

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Throws RangeError for a name that nothing defines: readers check that. */
  value(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new RangeError(`no value ${name}`);
    return value;
  }

  name(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  constantValue(name: string, constant: Constant): Value {
    return { name, dtype: constant.dtype, shape: constant.shape, constant, known: null, places: new Map() };
  }

  /** Integers that are known up to symbols. */
  knownValue(name: string, dtype: DataType, shape: readonly Size[], known: readonly Size[]): Value {
    return { name, dtype, shape, constant: null, known, places: new Map() };
  }

  /** A value that the tensor holds; axis i of the tensor is axis order[i] of the value. */
  placedValue(
    name: string,
    dtype: DataType,
    shape: readonly Size[],
    tensor: number,
    order: readonly number[] = identityOrder(shape.length),
  ): Value {
    const places = new Map([[order.join(), { tensor, order }]]);
    return { name, dtype, shape, constant: null, known: null, places };
  }

  /** A tensor that nothing has written yet, for a value of this shape with its axes in this order. */
  createTensor(
    name: string,
    dtype: DataType,
    shape: readonly Size[],
    order: readonly number[] = identityOrder(shape.length),
    quantization: Quantization = { scale: 1, zeroPoint: 0 },
  ): number {
    const elements = shape.reduce<number>((count, size) => count * (typeof size === "number" ? size : 1), 1);
    if (elements > MAX_TENSOR_ELEMENTS) {
      throw new ModelError(
        "model_too_large",
        `${name} is ${formatShape(shape)}, the limit is ${MAX_TENSOR_ELEMENTS} elements`,
      );
    }
    return this.builder.tensor(
      name,
      ELEMENT_TYPES[dtype],
      order.map((axis) => shape[axis]!),
      quantization.scale,
      quantization.zeroPoint,
    );
  }

  /** The value in uint8 as int8, less 128: what the kernels compute on. */
  signed(value: Value): Value {
    const known = this.#signed.get(value);
    if (known !== undefined) return known;
    const signed = this.#toSigned(value);
    this.#signed.set(value, signed);
    return signed;
  }

  /** The inverse of signed: costs nothing until somebody wants the value itself. */
  unsigned(signed: Value): Value {
    const value: Value = { ...signed, dtype: "u8", places: new Map() };
    this.#signed.set(value, signed);
    return value;
  }

  #toSigned(value: Value): Value {
    const { name, shape, constant } = value;
    if (constant !== null) {
      const data = Int8Array.from(constant.data as Uint8Array, (byte) => byte - 128);
      return this.constantValue(name, { dtype: "i8", shape: constant.shape, data });
    }
    const { tensor, order } = this.place(value);
    return this.placedValue(name, "i8", shape, this.#flip(name, tensor), order);
  }

  /** Adds 128 to each byte, or takes it away: the same bit. */
  #flip(name: string, tensor: number): number {
    const { builder } = this;
    const flipped = builder.tensor(name, "qs8", builder.tensors[tensor]!.shape);
    const bytes = builder.reinterpret(tensor, "u8");
    builder.op("convert", name, [bytes], [flipped], { scale: 1, bias: 0 });
    return flipped;
  }

  /** Whatever tensor holds the value already; the elements in order if none does. */
  place(value: Value): Place {
    for (const place of value.places.values()) return place;
    const signed = this.#signed.get(value);
    const order = signed === undefined ? identityOrder(value.shape.length) : this.place(signed).order;
    return { tensor: this.arranged(value, order), order };
  }

  /** The tensor with the elements in order. */
  contiguous(value: Value): number {
    return this.arranged(value, identityOrder(value.shape.length));
  }

  /** A tensor that holds the value with its axes in this order; what that takes is done once. */
  arranged(value: Value, order: readonly number[]): number {
    const key = order.join();
    const known = value.places.get(key);
    if (known !== undefined) return known.tensor;
    const tensor = this.#arrange(value, order);
    value.places.set(key, { tensor, order });
    return tensor;
  }

  #arrange(value: Value, order: readonly number[]): number {
    const { name, dtype, shape, constant, known } = value;
    const { builder } = this;
    if (constant !== null) {
      const arranged = transposeConstant(constant, order);
      return builder.constant(name, ELEMENT_TYPES[dtype], arranged.shape, bytesOf(arranged));
    }
    if (known !== null) {
      const tensor = this.createTensor(name, dtype, shape);
      builder.op("sizes", name, [], [tensor], { values: known });
      return tensor;
    }
    const signed = this.#signed.get(value);
    if (value.places.size === 0 && signed !== undefined) {
      return this.builder.reinterpret(this.#flip(name, this.arranged(signed, order)), "u8");
    }
    const places = [...value.places.values()];
    const target = order.map((axis) => shape[axis]!);
    const same = places.find((place) => sameLayout(shape, place.order, order));
    if (same !== undefined) return builder.view(same.tensor, target);
    const source = places[0];
    if (source === undefined) throw new RangeError(`nothing holds ${name}`);
    const tensor = this.createTensor(name, dtype, shape, order);
    const permutation = order.map((axis) => source.order.indexOf(axis));
    builder.op("transpose", name, [source.tensor], [tensor], { permutation });
    return tensor;
  }
}
