// How the linear memory of the kernels is divided.

/** The first page belongs to the kernel module (its static data); everything else starts behind it. */
export const FIRST_FREE_BYTE = 65_536;

/** A cache line; kernels need no more than 16, one v128. */
const ALIGNMENT_BYTES = 64;

/** The next multiple of ALIGNMENT_BYTES. */
export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
