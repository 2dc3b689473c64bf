// A memory in which a benchmark places tensors and calls kernels on them.
import { createArena } from "../test/support/arena.ts";
import { type Family, KERNELS, type KernelValues } from "../wasm/families.ts";
import { instantiateKernels } from "../wasm/kernels.ts";
import { paramsBytes, writeParams } from "../wasm/params.ts";
import { scratchBytes } from "../wasm/scratch.ts";

export interface Stage {
  /** A pointer to `bytes` bytes of small varied numbers; the speed does not depend on them. */
  bytes(length: number): number;
  /** The same in f32. */
  floats(length: number): number;
  /** A pointer to a copy. */
  copy(bytes: Uint8Array): number;
  /** The SIMD sibling on these values; scratch is placed by the stage. */
  call<F extends Family>(family: F, values: Omit<KernelValues<F>, "scratch">): () => void;
}

const MEMORY_PAGES = 512;

export function createStage(module: WebAssembly.Module): Stage {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES });
  const kernels = instantiateKernels(module, memory);
  const arena = createArena(memory);
  return {
    bytes(length) {
      const pointer = arena.allocate(length);
      new Int8Array(memory.buffer, pointer, length).set(variedBytes(length));
      return pointer;
    },
    floats(length) {
      const pointer = arena.allocate(4 * length);
      new Float32Array(memory.buffer, pointer, length).set(variedFloats(length));
      return pointer;
    },
    copy(bytes) {
      const pointer = arena.allocate(bytes.length);
      new Uint8Array(memory.buffer).set(bytes, pointer);
      return pointer;
    },
    call(family, values) {
      const complete = { ...values, scratch: 0 } as unknown as KernelValues<typeof family>;
      const scratch = arena.allocate(scratchBytes(family, complete));
      const params = arena.allocate(paramsBytes(family));
      const fields = "scratch" in KERNELS[family].fields ? { ...complete, scratch } : complete;
      writeParams(new DataView(memory.buffer), params, family, fields);
      const kernel = kernels[family].simd128;
      return () => kernel(params);
    },
  };
}

export function variedBytes(length: number): Int8Array {
  return Int8Array.from({ length }, (_, i) => ((i * 7919) % 251) - 125);
}

export function variedFloats(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (((i * 7919) % 251) - 125) / 128);
}
