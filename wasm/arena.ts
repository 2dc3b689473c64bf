// A bump allocator over a linear memory: the only place where a pointer is made. Nothing is ever freed.

/** The first page belongs to the kernel module (its static data); an arena starts behind it. */
export const FIRST_FREE_BYTE = 65536;

/** A cache line; kernels need no more than 16, one v128. */
export const ALIGNMENT_BYTES = 64;

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

function align(value: number): number {
  return Math.ceil(value / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
