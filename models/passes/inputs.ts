// Moves scalar arithmetic directly behind an input of bytes into its conversion.
import { BINARY } from "../../wasm/operators.ts";
import { type Program, type ProgramOp, rootOf } from "../program.ts";
import { countReaders } from "./readers.ts";
import { readScalar } from "./scalar.ts";

export function foldInputScaling(program: Program): Program {
  const readers = countReaders(program);
  const ops: ProgramOp[] = [];
  const conversions = new Map<number, number>();
  for (const op of program.ops) {
    const folded = fold(program, op, ops, conversions, readers);
    if (folded) continue;
    if (op.kind === "convert") conversions.set(op.outputs[0]!, ops.length);
    ops.push(op);
  }
  return { ...program, ops };
}

function fold(
  program: Program,
  op: ProgramOp,
  ops: ProgramOp[],
  conversions: Map<number, number>,
  readers: ReadonlyMap<number, number>,
): boolean {
  if (op.kind !== "binary") return false;
  const operator = BINARY[Number(op.attributes.code)];
  const [a, b] = op.inputs as [number, number];
  const place = conversions.get(a) ?? conversions.get(b);
  const source = conversions.has(a) ? a : b;
  const conversion = place === undefined ? undefined : ops[place];
  const scalar = readScalar(program, source === a ? b : a);
  if (conversion?.kind !== "convert" || scalar === null || readers.get(rootOf(program, source)) !== 1)
    return false;
  const { scale, bias } = conversion.attributes;
  const changed = rescale(operator, { scale, bias }, scalar, source === a);
  if (changed === null) return false;
  ops[place!] = { ...conversion, outputs: op.outputs, attributes: changed };
  conversions.delete(source);
  conversions.set(op.outputs[0]!, place!);
  return true;
}

function rescale(
  operator: string | undefined,
  { scale, bias }: { scale: number; bias: number },
  scalar: number,
  first: boolean,
): { scale: number; bias: number } | null {
  // In f64: the manifest rounds once, whatever was folded.
  const result = (newScale: number, newBias: number) => ({ scale: newScale, bias: newBias });
  if (operator === "mul") return result(scale * scalar, bias * scalar);
  if (operator === "add") return result(scale, bias + scalar);
  if (operator === "sub" && first) return result(scale, bias - scalar);
  if (operator === "div" && first && scalar !== 0) return result(scale / scalar, bias / scalar);
  return null;
}
