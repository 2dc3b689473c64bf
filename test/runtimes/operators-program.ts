// Every element-wise operator on every pair of hostile values, every conversion and every sum of them. Processors give
// NaNs different bits, and the models of the golden table make none: here they would show. Knows no platform.
import { sixFields } from "../../engine/strides.ts";
import { formatHex } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { type Family, ISAS, type Isa, type KernelValues } from "../../wasm/families.ts";
import { instantiateKernels } from "../../wasm/kernels.ts";
import { BINARY, CAST, COMPARE, REDUCE, UNARY } from "../../wasm/operators.ts";
import { paramsBytes, writeParams } from "../../wasm/params.ts";
import { createArena } from "../support/arena.ts";

/** SHA-256 of the outputs, hex, by family, operator and sibling. */
export type OperatorDigests = Readonly<Record<string, string>>;

/** Bits of f32: zeros, NaNs quiet and signalling of both signs, infinities, the ends, and where functions turn. */
const BITS_32 = [
  ...[0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff],
  ...[0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fedcba9, 0xffffffff, 0x7f800000, 0xff800000],
  ...[0x3f800000, 0xbf800000, 0x3f000000, 0xc0200000, 0x40490fdb, 0x42b20000, 0xc2d00000, 0x4e800000],
  ...[0x3effffff, 0xc0400000, 0x41200000, 0x7fffffff],
];
const BITS_64 = [
  ...[0n, 1n << 63n, 1n, (1n << 63n) | 1n, (1n << 52n) - 1n, 1n << 52n],
  ...[0x7fefffffffffffffn, 0xffefffffffffffffn, 0x7ff0000000000000n, 0xfff0000000000000n],
  ...[0x7ff8000000000000n, 0xfff8000000000000n, 0x7ff0000000000001n, 0x7ffedcba98765432n, (1n << 64n) - 1n],
  ...[0x3ff0000000000000n, 0xbff0000000000000n, 0x3fe0000000000000n, 0xc004000000000000n],
];
const BITS_8 = [0, 1, 2, 7, 8, 127, 128, 129, 254, 255];

const VALUES = {
  f32: bytesOf(Uint32Array.from(BITS_32)),
  i32: bytesOf(Uint32Array.from(BITS_32)),
  f64: bytesOf(BigUint64Array.from(BITS_64)),
  i64: bytesOf(BigUint64Array.from(BITS_64)),
  u8: Uint8Array.from(BITS_8),
  i8: Uint8Array.from(BITS_8),
  bool: Uint8Array.of(0, 1),
} as const;
type ElementType = keyof typeof VALUES;
const WIDTHS: Readonly<Record<ElementType, number>> = {
  ...{ f32: 4, i32: 4, f64: 8, i64: 8, u8: 1, i8: 1, bool: 1 },
};
/** The element types of vbinary and vcompare. */
const TYPES = ["f32", "i32", "f64", "i64", "u8"] as const;

/** A few pages hold the longest of them: the pairs of BITS_32, twice in and once out. */
const MEMORY_PAGES = 4;

export async function computeOperators(module: WebAssembly.Module): Promise<OperatorDigests> {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES });
  const kernels = instantiateKernels(module, memory);
  const digests: Record<string, string> = {};

  const run = async <F extends Family>(
    [family, op, isa]: readonly [family: F, op: string, isa: Isa],
    inputs: Readonly<Record<string, Uint8Array>>,
    outputBytes: number,
    values: Readonly<Record<string, number>>,
  ): Promise<void> => {
    const arena = createArena(memory);
    const bytes = new Uint8Array(memory.buffer);
    const params = arena.allocate(paramsBytes(family));
    const pointers: Record<string, number> = { output: arena.allocate(outputBytes) };
    for (const [name, data] of Object.entries(inputs)) {
      pointers[name] = arena.allocate(data.length);
      bytes.set(data, pointers[name]);
    }
    const fields = { ...values, ...pointers } as unknown as KernelValues<F>;
    writeParams(new DataView(memory.buffer), params, family, fields);
    kernels[family][isa](params);
    const output = bytes.slice(pointers.output, pointers.output! + outputBytes);
    digests[`${family} ${op} ${isa}`] = formatHex(await digestRaw(output));
  };

  for (const isa of ISAS) {
    for (const [code, op] of UNARY.entries()) {
      const values = { op: code, length: BITS_32.length, alpha: 0.5, beta: 2 };
      await run(["f32_vunary", op, isa], { input: VALUES.f32 }, VALUES.f32.length, values);
    }
    for (const [from, source] of CAST.entries()) {
      for (const [to, target] of CAST.entries()) {
        const length = VALUES[source].length / WIDTHS[source];
        const outputBytes = length * WIDTHS[target];
        const title = `${source} to ${target}`;
        await run(["vcast", title, isa], { input: VALUES[source] }, outputBytes, { from, to, length });
      }
    }
    for (const [code, op] of REDUCE.entries()) {
      // Of neighbours, and of two columns: the two orders of the family.
      const pair = { op: code, outer: BITS_32.length / 2, count: 2, inner: 1 };
      const columns = { op: code, outer: 1, count: BITS_32.length / 2, inner: 2 };
      await run(["f32_reduce", op, isa], { input: VALUES.f32 }, 4 * pair.outer, pair);
      await run(["f32_reduce", `${op} of columns`, isa], { input: VALUES.f32 }, 4 * columns.inner, columns);
    }
    for (const type of TYPES) {
      const { length } = VALUES[type];
      const count = length / WIDTHS[type];
      // The value of each row with the value of each column.
      const pairs = {
        ...sixFields("size", [1, 1, 1, 1, count, count]),
        ...sixFields("aStride", [0, 0, 0, 0, 1, 0]),
        ...sixFields("bStride", [0, 0, 0, 0, 0, 1]),
      };
      const inputs = { a: VALUES[type], b: VALUES[type] };
      for (const [code, op] of BINARY.entries())
        await run([`${type}_vbinary`, op, isa], inputs, count * length, { op: code, ...pairs });
      for (const [code, op] of COMPARE.entries())
        await run([`${type}_vcompare`, op, isa], inputs, count * count, { op: code, ...pairs });
    }
  }
  return digests;
}

function bytesOf(array: Uint32Array | BigUint64Array): Uint8Array {
  return new Uint8Array(array.buffer);
}
