// A bump allocator over a linear memory, for kernels that are called without a plan. Nothing is ever freed.
import { align, FIRST_FREE_BYTE } from "../../wasm/memory.ts";

export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** One past the last byte handed out. */
  readonly end: number;
  /** A 64-byte aligned pointer to `byteLength` bytes. Throws a RangeError if the memory has no room left. */
  allocate(byteLength: number): number;
}

/** An arena that hands out memory from `base` (rounded up to 64) to the end of `memory`; it never grows it. */
export function createArena(memory: WebAssembly.Memory, base: number = FIRST_FREE_BYTE): Arena {
  let end = align(base);
  return {
    memory,
    get end() {
      return end;
    },
    allocate(byteLength) {
      if (!Number.isSafeInteger(byteLength) || byteLength < 0) {
        throw new RangeError(`byteLength must be a non-negative integer, got ${byteLength}`);
      }
      const pointer = end;
      const next = align(pointer + byteLength);
      const limit = memory.buffer.byteLength;
      if (next > limit) {
        throw new RangeError(`${byteLength} bytes do not fit: ${limit - pointer} of ${limit} bytes are free`);
      }
      end = next;
      return pointer;
    },
  };
}
