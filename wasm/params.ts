// The parameter block of a kernel call: one little-endian 32-bit field behind the other, in the order of the family's
// list.
import { type Family, type FieldType, KERNELS, type KernelValues } from "./families.ts";

/** Bytes of the parameter block of a family. */
export function paramsBytes(family: Family): number {
  return 4 * Object.keys(KERNELS[family].fields).length;
}

/**
 * Writes the parameter block of `family` at `pointer` (4-byte aligned); `view` covers the whole memory.
 * Throws a RangeError that names the field where findUnwritable() finds one.
 */
export function writeParams<F extends Family>(
  view: DataView,
  pointer: number,
  family: F,
  values: KernelValues<F>,
): void {
  const flaw = findUnwritable(family, values);
  if (flaw !== null) throw new RangeError(flaw);
  const fields: Readonly<Record<string, FieldType>> = KERNELS[family].fields;
  const given: Readonly<Record<string, number>> = values;
  for (const [index, [name, type]] of Object.entries(fields).entries()) {
    const at = pointer + 4 * index;
    if (type === "i32") view.setInt32(at, given[name]!, true);
    else view.setFloat32(at, given[name]!, true);
  }
}

/** What a parameter block cannot hold, in words: an i32 that is no 32-bit integer, an f32 that is NaN. Null without. */
export function findUnwritable<F extends Family>(family: F, values: KernelValues<F>): string | null {
  const fields: Readonly<Record<string, FieldType>> = KERNELS[family].fields;
  const given: Readonly<Record<string, number>> = values;
  for (const [name, type] of Object.entries(fields)) {
    const value = given[name] ?? Number.NaN;
    if (type === "i32" && (value | 0) !== value) {
      return `${family}: ${name} must be a 32-bit integer, got ${given[name]}`;
    }
    if (Number.isNaN(value)) return `${family}: ${name} must be a number, got ${given[name]}`;
  }
  return null;
}
