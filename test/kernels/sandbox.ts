// Runs one kernel in a memory of its own and checks that it wrote its output and its scratch and nothing else.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Family, Isa, KernelValues } from "../../wasm/families.ts";
import { instantiateKernels } from "../../wasm/kernels.ts";
import { paramsBytes, writeParams } from "../../wasm/params.ts";
import { scratchBytes } from "../../wasm/scratch.ts";
import { createArena } from "../support/arena.ts";

const POINTERS = [
  ...(["input", "weights", "output", "scratch", "a", "b", "rowScales", "scales"] as const),
  ...([
    "aZeroPoints",
    "bZeroPoints",
    "condition",
    "indices",
    "gamma",
    "beta",
    "zeroPoints",
    "values",
  ] as const),
  ...([
    "updates",
    "xw",
    "initialH",
    "initialC",
    "peephole",
    "recurrenceBias",
    "lengths",
    "finalH",
    "finalC",
    "fill",
    "zeroPoint",
  ] as const),
] as const;
type Pointer = (typeof POINTERS)[number];
type Tensor = Uint8Array | Int8Array | Int32Array | Float32Array;

/** A kernel call without pointers: the sandbox places the tensors. */
export interface Call<F extends Family> {
  readonly family: F;
  readonly values: Readonly<Record<Exclude<keyof KernelValues<F>, Pointer>, number>>;
  /** A tensor named bias replaces the value: elsewhere a bias is a number. */
  readonly tensors: Readonly<Partial<Record<Pointer | "bias", Tensor>>>;
  /** The bytes the kernel has to write: `rows` rows of `rowBytes`, `strideBytes` apart, at `output` unless named. */
  readonly output: {
    readonly rows: number;
    readonly rowBytes: number;
    readonly strideBytes: number;
    readonly pointer?: Pointer;
  };
  /** What the output holds before the call: as many bytes as its rows span. Poison if absent. */
  readonly before?: Tensor;
  /** Bytes of a second and a third tensor that it writes, which follow the first in the result. */
  readonly second?: { readonly pointer: Pointer; readonly bytes: number };
  readonly third?: Call<F>["second"];
}

const PAGE_BYTES = 65536;
const POISON = 0xa5;
/** Bytes that nothing owns between two tensors. */
const GUARD_BYTES = 48;

export const kernelModule = await WebAssembly.compile(
  await readFile(new URL("../../wasm/kernels.wasm", import.meta.url)),
);

/**
 * Calls the kernel once per tensor, with that tensor ending at the last byte of the memory, so that a read past it
 * traps; asserts equal results and untouched guards. Returns the output rows, without what lies between them.
 */
export function runKernel<F extends Family>(call: Call<F>, isa: Isa): Uint8Array {
  const names = Object.keys(call.tensors);
  // A kernel that reads nothing runs once.
  const lasts = names.length > 0 ? names : [null];
  const results = lasts.map((last) => runOnce(call, isa, last));
  for (const result of results) assert.deepEqual(result, results[0], "the placement changed the result");
  return results[0]!;
}

/** runKernel for both siblings, which must agree to the byte. */
export function runSiblings<F extends Family>(call: Call<F>): Uint8Array {
  const scalar = runKernel(call, "scalar");
  const simd = runKernel(call, "simd128");
  if (Buffer.compare(scalar, simd) !== 0)
    assert.deepEqual(simd, scalar, "SIMD differs from its scalar sibling");
  return scalar;
}

function bytesOf(tensor: Tensor): Uint8Array {
  return new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength);
}

function runOnce<F extends Family>(call: Call<F>, isa: Isa, last: string | null): Uint8Array {
  const { rows, rowBytes, strideBytes } = call.output;
  const outputBytes = Math.max(0, (rows - 1) * strideBytes + rowBytes);
  const values: Record<string, number> = {
    ...Object.fromEntries(POINTERS.map((name) => [name, 0])),
    ...call.values,
  };
  const scratchLength = scratchBytes(call.family, values as KernelValues<F>);
  const tensorBytes = Object.values(call.tensors).reduce((sum, tensor) => sum + tensor.byteLength + 64, 0);
  const others = [call.second, call.third].filter((other) => other !== undefined);
  const otherBytes = others.reduce((sum, other) => sum + other.bytes, 0);
  const needed = 2 * PAGE_BYTES + tensorBytes + outputBytes + otherBytes + scratchLength;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(needed / PAGE_BYTES) });
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(POISON);
  const arena = createArena(memory);
  const place = (byteLength: number): number => {
    arena.allocate(GUARD_BYTES);
    return arena.allocate(byteLength);
  };
  for (const [name, tensor] of Object.entries(call.tensors)) {
    const pointer = name === last ? bytes.length - tensor.byteLength : place(tensor.byteLength);
    // A float tensor needs no alignment in WebAssembly, so "ends at the last byte" holds for all of them.
    bytes.set(bytesOf(tensor), pointer);
    values[name] = pointer;
  }
  const params = place(paramsBytes(call.family));
  values.scratch = place(scratchLength);
  const output = place(outputBytes);
  values[call.output.pointer ?? "output"] = output;
  if (call.before !== undefined) bytes.set(bytesOf(call.before), output);
  for (const other of others) values[other.pointer] = place(other.bytes);
  writeParams(new DataView(memory.buffer), params, call.family, values as KernelValues<F>);
  // Instantiating writes the static data of the module into the first page.
  const kernel = instantiateKernels(kernelModule, memory)[call.family][isa];
  const before = bytes.slice();
  kernel(params);
  const result = new Uint8Array(rows * rowBytes + otherBytes);
  for (let row = 0; row < rows; row++) {
    const from = output + row * strideBytes;
    result.set(bytes.subarray(from, from + rowBytes), row * rowBytes);
    bytes.set(before.subarray(from, from + rowBytes), from);
  }
  let end = rows * rowBytes;
  for (const { pointer, bytes: length } of others) {
    const from = values[pointer]!;
    result.set(bytes.subarray(from, from + length), end);
    bytes.set(before.subarray(from, from + length), from);
    end += length;
  }
  bytes.set(before.subarray(values.scratch, values.scratch + scratchLength), values.scratch);
  if (Buffer.compare(bytes, before) !== 0) {
    const at = bytes.findIndex((byte, i) => byte !== before[i]);
    assert.fail(
      `${call.family} ${isa} wrote outside: byte ${at} (output ${output}, scratch ${values.scratch})`,
    );
  }
  return result;
}
