// What a constant tensor of a manifest may hold.
import { isFinite32, isFinite64 } from "../protocol/tensor.ts";
import type { ElementType } from "./manifest.ts";

/** What no compiler writes, in words; null where all is well. attacker-controlled: whoever made the model chose it. */
export function findConstantFlaw(bytes: Uint8Array<ArrayBuffer>, dtype: ElementType): string | null {
  if (dtype === "bool") return bytes.every((byte) => byte <= 1) ? null : "a truth value other than 0 and 1";
  const finite = dtype === "f32" ? isFinite32(bytes) : dtype !== "f64" || isFinite64(bytes);
  return finite ? null : "a value that is not finite";
}
