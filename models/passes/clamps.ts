// Moves a clamp (ReLU, ReLU6, Clip) into the operation that feeds it, so that the kernel clamps as it stores.
import { UNARY } from "../../wasm/operators.ts";
import { equalShapes } from "../dimension.ts";
import { F32_MAX } from "../lower/ops.ts";
import { type Program, type ProgramOp, type ProgramTensor, rootOf } from "../program.ts";
import { countReaders } from "./readers.ts";

export function fuseClamps(program: Program): Program {
  const readers = countReaders(program);
  const ops: ProgramOp[] = [];
  let { tensors } = program;
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
    const inside = (bound: number) => Math.max(bounds.min, Math.min(bounds.max, bound));
    const fused = { min: inside(clamp.min), max: inside(clamp.max) };
    const [written] = producer.outputs as [number];
    const isReshaped = !equalShapes(tensors[written]!.shape, tensors[output]!.shape);
    if (isReshaped) tensors = shareBytes(tensors, output, written);
    ops[place!] = {
      ...producer,
      outputs: [isReshaped ? written : output],
      attributes: { ...producer.attributes, ...fused },
    } as ProgramOp;
    writers.set(output, place!);
  }
  return { ...program, tensors, ops };
}

/** What the clamp read had another shape than what the producer writes: a row of pixels is an image of height 1. */
function shareBytes(tensors: readonly ProgramTensor[], tensor: number, owner: number): ProgramTensor[] {
  return tensors.map((each, index) =>
    index === tensor || each.storage === tensor ? { ...each, storage: owner } : each,
  );
}

function clampOf(op: ProgramOp): { min: number; max: number } | null {
  if (op.kind !== "unary") return null;
  const { code, alpha, beta } = op.attributes;
  if (code === UNARY.indexOf("relu")) return { min: 0, max: F32_MAX };
  return code === UNARY.indexOf("clip") && alpha <= beta ? { min: alpha, max: beta } : null;
}
