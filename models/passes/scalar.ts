// Constants of one number.
import { type Program, rootOf } from "../program.ts";

/** Null for what is no f32 constant of one element. */
export function readScalar(program: Program, tensor: number): number | null {
  const { storage, dtype } = program.tensors[rootOf(program, tensor)]!;
  if (!(storage instanceof Uint8Array) || dtype !== "f32" || storage.length !== 4) return null;
  return new DataView(storage.buffer, storage.byteOffset).getFloat32(0, true);
}
