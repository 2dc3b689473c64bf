// How updates meet elements in scatter_nd and scatter_elements, for each type and reduction that there is.
import { SCATTER, SCATTER_TYPE } from "../../wasm/operators.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const quietNan = new Float32Array(Uint32Array.of(0x7fc00000).buffer)[0]!;
const TYPES = {
  f32: {
    from: (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer),
    before: [1, 2.5, inf, -0, nan],
    // Two updates an element, in this order.
    updates: [1e8, -1e8, 3, nan, -inf, 1, 0, -0, 1, 2],
    results: {
      add: [0, quietNan, quietNan, 0, quietNan],
      mul: [-Math.fround(1e16), quietNan, -inf, 0, quietNan],
      max: [1e8, quietNan, inf, 0, quietNan],
      min: [-1e8, quietNan, -inf, -0, quietNan],
    },
  },
  i32: {
    from: (values: readonly number[]) => new Uint8Array(Int32Array.from(values).buffer),
    before: [1, -5, 2 ** 31 - 1, 0, 65536],
    updates: [4, -9, -6, -4, 1, 0, 7, 3, 65536, 1],
    results: {
      add: [-4, -15, -(2 ** 31), 10, 131073],
      mul: [-36, -120, 0, 0, 0],
      max: [4, -4, 2 ** 31 - 1, 7, 65536],
      min: [-9, -6, 0, 0, 1],
    },
  },
  i64: {
    from: (values: readonly number[]) => new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    before: [1, -5, 2 ** 40, 0, 65536],
    updates: [4, -9, -6, -4, 1, 0, 7, 3, 65536, 1],
    results: {
      add: [-4, -15, 2 ** 40 + 1, 10, 131073],
      mul: [-36, -120, 0, 0, 2 ** 32],
      max: [4, -4, 2 ** 40, 7, 65536],
      min: [-9, -6, 0, 0, 1],
    },
  },
};

/** Of `updates`, number 2 · i and then number 2 · i + 1 fall on element i of `before`. */
export const REDUCTION_CASES = Object.entries(TYPES).flatMap(([type, { from, before, updates, results }]) =>
  Object.entries(results).map(([reduction, expected]) => ({
    title: `${reduction} of ${type}`,
    fields: {
      type: (SCATTER_TYPE as readonly string[]).indexOf(type),
      reduction: (SCATTER as readonly string[]).indexOf(reduction),
    },
    elementBytes: from([0]).length,
    indices: Int32Array.from(updates, (_, i) => Math.floor(i / 2)),
    updates: from(updates),
    before: from(before),
    expected: from(expected),
  })),
);
