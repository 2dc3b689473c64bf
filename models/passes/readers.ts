// Who reads what in a program.
import { type Program, rootOf } from "../program.ts";

/** How often each tensor's bytes are read, by the tensor that owns them; ports count. */
export function countReaders(program: Program): Map<number, number> {
  const readers = new Map<number, number>();
  const read = (tensor: number) => {
    const owner = rootOf(program, tensor);
    readers.set(owner, (readers.get(owner) ?? 0) + 1);
  };
  for (const op of program.ops) for (const tensor of op.inputs) if (tensor >= 0) read(tensor);
  for (const { tensor } of program.outputs) read(tensor);
  return readers;
}
