// Moves a clamp (ReLU, ReLU6, Clip) into the operation that feeds it, so that the kernel clamps as it stores.
import { UNARY } from "../../wasm/operators.ts";
import { F32_MAX } from "../lower/ops.ts";
import { type Program, type ProgramOp, rootOf } from "../program.ts";
import { countReaders } from "./readers.ts";

export function fuseClamps(program: Program): Program {
  const readers = countReaders(program);
  const ops: ProgramOp[] = [];
  const writers = new Map<number, number>();
  for (const op of program.ops) {
    const bounds = clampOf(op);
    const [input, output] = [op.inputs[0] ?? -1, op.outputs[0] ?? -1];
    const place = input < 0 ? undefined : writers.get(rootOf(program, input));
    const producer = place === undefined ? undefined : ops[place];
    if (bounds === null || producer === undefined || readers.get(rootOf(program, input)) !== 1) {
      for (const tensor of op.outputs) if (tensor >= 0) writers.set(tensor, ops.length);
      ops.push(op);
      continue;
    }
    const clamp = producer.attributes as { min?: number; max?: number };
    if (clamp.min === undefined || clamp.max === undefined) {
      writers.set(output, ops.length);
      ops.push(op);
      continue;
    }
    const fused = { min: Math.max(clamp.min, bounds.min), max: Math.min(clamp.max, bounds.max) };
    ops[place!] = {
      ...producer,
      outputs: [output],
      attributes: { ...producer.attributes, ...fused },
    } as ProgramOp;
    writers.set(output, place!);
  }
  return { ...program, ops };
}

function clampOf(op: ProgramOp): { min: number; max: number } | null {
  if (op.kind !== "unary") return null;
  const { code, alpha, beta } = op.attributes;
  if (code === UNARY.indexOf("relu")) return { min: 0, max: F32_MAX };
  return code === UNARY.indexOf("clip") && alpha <= beta ? { min: alpha, max: beta } : null;
}
