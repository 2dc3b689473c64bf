// Moves hard_swish, and a number that is added behind it, into the f32 product that feeds it: the kernel computes both
// as it stores. To be run last, because it leaves no tensor to quantize or to judge between product and activation.
import { ACTIVATION, BINARY, UNARY } from "../../wasm/operators.ts";
import { equalShapes } from "../dimension.ts";
import { type Program, type ProgramOp, rootOf } from "../program.ts";
import { countReaders } from "./readers.ts";
import { readScalar } from "./scalar.ts";

type Product = Extract<ProgramOp, { kind: "conv" | "dwconv" | "gemm" }>;

export function fuseActivations(program: Program): Program {
  const readers = countReaders(program);
  const ops: ProgramOp[] = [];
  const writers = new Map<number, number>();
  for (const op of program.ops) {
    const source = op.inputs.find((tensor) => tensor >= 0 && writers.has(rootOf(program, tensor))) ?? -1;
    const place = source < 0 ? undefined : writers.get(rootOf(program, source));
    const fused = place === undefined ? null : fuse(program, ops[place]!, op, source);
    if (fused === null || readers.get(rootOf(program, source)) !== 1) {
      for (const tensor of op.outputs) if (tensor >= 0) writers.set(tensor, ops.length);
      ops.push(op);
      continue;
    }
    ops[place!] = fused;
    writers.set(op.outputs[0]!, place!);
  }
  return { ...program, ops };
}

/** The product that writes what `op` makes of its output; null where no kernel does that. */
function fuse(program: Program, product: ProgramOp, op: ProgramOp, source: number): Product | null {
  if (!isReal(program, product)) return null;
  const [written, output] = [product.outputs[0]!, op.outputs[0]!];
  if (!equalShapes(program.tensors[written]!.shape, program.tensors[output]!.shape)) return null;
  const { activation, offset } = product.attributes;
  const change = (fields: { activation: number; offset: number }) =>
    ({ ...product, outputs: [output], attributes: { ...product.attributes, ...fields } }) as Product;
  if (op.kind === "unary" && UNARY[Number(op.attributes.code)] === "hard_swish" && activation === NONE)
    return change({ activation: HARD_SWISH, offset });
  if (op.kind !== "binary" || BINARY[Number(op.attributes.code)] !== "add" || activation !== HARD_SWISH)
    return null;
  const added = readScalar(program, op.inputs.find((tensor) => tensor !== source) ?? source);
  return added === null || offset !== 0 ? null : change({ activation, offset: added });
}

const NONE = ACTIVATION.indexOf("none");
const HARD_SWISH = ACTIVATION.indexOf("hard_swish");

/** Products of f32, also with weights in int8. */
function isReal(program: Program, op: ProgramOp): op is Product {
  if (op.kind !== "conv" && op.kind !== "dwconv" && op.kind !== "gemm") return false;
  const { format } = op.attributes.weights;
  return program.tensors[op.inputs[0]!]!.dtype === "f32" && (format === "f32" || format === "qd8w");
}
