// What a constant tensor of a manifest may hold.
import { holdsNaN } from "../protocol/tensor.ts";
import type { ElementType } from "./manifest.ts";

/** What no compiler writes, in words; null where all is well. attacker-controlled: whoever made the model chose it. */
export function findConstantFlaw(bytes: Uint8Array<ArrayBuffer>, dtype: ElementType): string | null {
  if (dtype === "bool") return bytes.every((byte) => byte <= 1) ? null : "a truth value other than 0 and 1";
  return holdsNaN(dtype, bytes) ? "a NaN" : null;
}
