// Arrays of the engine's element types, for the families with typed siblings.

export const ARRAYS = {
  f32: Float32Array,
  f64: Float64Array,
  i32: Int32Array,
  i64: BigInt64Array,
  u8: Uint8Array,
} as const;
export type ElementType = keyof typeof ARRAYS;
export type Elements = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** An array of the type, from numbers or BigInts that fit it. */
export function elementsFrom(type: ElementType, values: readonly (number | bigint)[]): Elements {
  if (type === "i64") return BigInt64Array.from(values, BigInt);
  return new ARRAYS[type](values.map(Number));
}

export function bytesOf(elements: Elements): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/** The array with every NaN as the one that kernels store. */
export function canonical(elements: Elements): Elements {
  if (elements instanceof Float32Array) {
    const bits = new Uint32Array(elements.buffer, elements.byteOffset, elements.length);
    elements.forEach((value, i) => {
      if (Number.isNaN(value)) bits[i] = 0x7fc00000;
    });
  }
  if (elements instanceof Float64Array) {
    const bits = new BigUint64Array(elements.buffer, elements.byteOffset, elements.length);
    elements.forEach((value, i) => {
      if (Number.isNaN(value)) bits[i] = 0x7ff8000000000000n;
    });
  }
  return elements;
}
