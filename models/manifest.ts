// A program as a manifest with its weights: packs layers, numbers sizes, finds the blocks of the trace.
import type { Dimension, Fields, Manifest, Op, TensorSpec, WeightRange } from "../engine/index.ts";
import { OPERATIONS, planMemory } from "../engine/index.ts";
import { type Bytes, concatBytes } from "../protocol/bytes.ts";
import { ALIGNMENT_BYTES } from "../wasm/arena.ts";
import { DimensionTable, evaluateSize, type Size } from "./dimension.ts";
import { type Layer, packLayer } from "./layer.ts";
import { countOf, type Program, type ProgramOp, rootOf } from "./program.ts";

/** What a manifest says that the program does not. */
export type Header = Pick<
  Manifest,
  "name" | "task" | "licence" | "source" | "compiler" | "calibration" | "files" | "report"
>;

/** For programs that only run here and are never published. */
export const ANONYMOUS: Header = {
  name: "program",
  task: null,
  licence: "",
  source: { package: null, version: null, digest: new Uint8Array(32) },
  compiler: "",
  calibration: new Uint8Array(32),
  files: [],
  report: [],
};

/** Complete but for its chunks: enough to plan and to run, with `weights` for its weights. */
export interface EmittedModel {
  readonly manifest: Manifest;
  readonly weights: Bytes;
}

/** Throws InferenceError as planMemory does. */
export function emitProgram(program: Program, header: Header): EmittedModel {
  const table = new DimensionTable();
  const packed = new PackedWeights();
  const tensors = program.tensors.map(
    ({ dtype, shape, scale, zeroPoint, storage }): TensorSpec => ({
      dtype,
      shape: shape.map((size) => table.dimension(size)),
      scale,
      zeroPoint,
      storage: storage === null || typeof storage === "number" ? storage : packed.add(storage),
    }),
  );
  const ops = program.ops.map((op) => emitOp(op, table, packed));
  const manifest: Manifest = {
    ...header,
    symbols: program.symbols,
    dimensions: table.nodes,
    inputs: program.inputs,
    outputs: program.outputs,
    tensors,
    ops,
    blocks: findBlocks(program),
    chunks: [],
    memory: { weights: packed.bytes, arena: 0 },
  };
  const { arenaBytes } = planMemory(manifest);
  const weights = packed.concat();
  return { manifest: { ...manifest, memory: { weights: weights.length, arena: arenaBytes } }, weights };
}

function emitOp(
  { kind, inputs, outputs, attributes }: ProgramOp,
  table: DimensionTable,
  packed: PackedWeights,
): Op {
  const values = attributes as Readonly<Record<string, unknown>>;
  const entries = Object.entries(OPERATIONS[kind].fields as Fields).map(([name, type]): [string, unknown] => {
    const value = values[name];
    if (type === "integer") return [name, table.dimension(value as Size)];
    if (type === "integers")
      return [name, (value as readonly Size[]).map((size): Dimension => table.dimension(size))];
    return [name, type === "weights" ? packed.add(packLayer(value as Layer)) : Math.fround(value as number)];
  });
  return { kind, inputs, outputs, attributes: Object.fromEntries(entries) } as unknown as Op;
}

class PackedWeights {
  readonly #parts: Uint8Array[] = [];
  bytes = 0;

  add(part: Uint8Array): WeightRange {
    const offset = Math.ceil(this.bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    this.#parts.push(new Uint8Array(offset - this.bytes), part);
    this.bytes = offset + part.length;
    return { offset, bytes: part.length };
  }

  concat(): Bytes {
    return concatBytes(...this.#parts);
  }
}

/**
 * Blocks end where a single tensor carries everything that later operations need (so that one block can be recomputed
 * from the output of the one before), and of those points at the local minima of size (so that hashing them stays
 * cheap). Converted inputs are known anyway. The last operation always ends a block.
 */
function findBlocks(program: Program): number[] {
  const { ops, tensors } = program;
  const symbols = program.symbols.map(({ max }) => max);
  const owner = (tensor: number) => rootOf(program, tensor);
  const lastRead = new Map<number, number>();
  for (const [time, op] of ops.entries()) {
    for (const tensor of op.inputs) if (tensor >= 0) lastRead.set(owner(tensor), time);
  }
  for (const { tensor } of program.outputs) lastRead.set(owner(tensor), ops.length);
  const cuts: { op: number; elements: number }[] = [];
  const alive = new Set<number>();
  for (const [time, op] of ops.entries()) {
    for (const tensor of alive) if (lastRead.get(tensor)! <= time) alive.delete(tensor);
    for (const tensor of op.outputs) if (tensor >= 0 && lastRead.has(owner(tensor))) alive.add(owner(tensor));
    const [output] = op.outputs;
    if (alive.size === 1 && output !== undefined && alive.has(owner(output))) {
      cuts.push({ op: time, elements: evaluateSize(countOf(tensors[output]!), symbols) });
    }
  }
  const isBlock = ({ op, elements }: (typeof cuts)[number], index: number): boolean => {
    if (op === ops.length - 1) return true;
    if (ops[op]!.kind === "convert") return false;
    const before = cuts[index - 1]?.elements ?? Number.POSITIVE_INFINITY;
    const after = cuts[index + 1]?.elements ?? Number.POSITIVE_INFINITY;
    return elements < before && elements <= after;
  };
  const blocks = cuts.filter(isBlock).map(({ op }) => op);
  return blocks.at(-1) === ops.length - 1 || ops.length === 0 ? blocks : [...blocks, ops.length - 1];
}
