// The kernels of the module as functions.
import { FAMILIES, type Family, type Isa, kernelName } from "./families.ts";

/** Runs on the parameter block at `params`. Returns nothing and checks nothing: a trap is a bug of the caller. */
export type Kernel = (params: number) => void;
export type Kernels = Readonly<Record<Family, Readonly<Record<Isa, Kernel>>>>;

/**
 * Instantiates the module on `memory`, its only import.
 * Throws a TypeError that names the export if the module lacks a kernel of the list.
 */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const find = (family: Family, isa: Isa): Kernel => {
    const name = kernelName(family, isa);
    const kernel = exports[name];
    if (typeof kernel !== "function") throw new TypeError(`the kernel module does not export ${name}`);
    return kernel as Kernel;
  };
  const siblings = (family: Family) => ({ scalar: find(family, "scalar"), simd128: find(family, "simd128") });
  return Object.fromEntries(FAMILIES.map((family) => [family, siblings(family)])) as Kernels;
}
