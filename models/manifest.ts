// A program as a manifest with its weights: packs layers, numbers sizes, finds the blocks of the trace.
import type { Dimension, Fields, Manifest, Op, TensorSpec, WeightRange } from "../engine/index.ts";
import { ELEMENT_BYTES, findConstantFlaw, MAX_MULTIPLIER, OPERATIONS, planMemory } from "../engine/index.ts";
import { type Bytes, concatBytes } from "../protocol/bytes.ts";
import { align } from "../wasm/memory.ts";
import { findFlaw } from "../wasm/packed.ts";
import { DimensionTable, evaluateSize, type Size } from "./dimension.ts";
import { ModelError } from "./errors.ts";
import { type Layer, packLayer } from "./layer.ts";
import { countOf, type Program, type ProgramOp, type ProgramTensor, rootOf } from "./program.ts";

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

/** Throws ModelError op_unsupported for numbers that no engine takes, InferenceError as planMemory does. */
export function emitProgram(program: Program, header: Header): EmittedModel {
  const table = new DimensionTable();
  const packed = new PackedWeights();
  const tensors = program.tensors.map((tensor): TensorSpec => {
    const { dtype, shape, scale, zeroPoint, storage } = tensor;
    if (!Number.isFinite(scale) || !Number.isFinite(zeroPoint))
      throw unsupported(`the values of ${tensor.name} are too far apart to have a scale`);
    return {
      dtype,
      shape: shape.map((size) => table.dimension(size)),
      scale,
      zeroPoint,
      storage:
        storage === null || typeof storage === "number" ? storage : packed.add(checked(tensor, storage)),
    };
  });
  const ops = program.ops.map((op) => emitOp(op, table, packed));
  const manifest: Manifest = {
    ...header,
    symbols: program.symbols,
    dimensions: table.nodes,
    inputs: program.inputs,
    outputs: program.outputs,
    tensors,
    ops,
    blocks: [],
    chunks: [],
    memory: { weights: packed.bytes, arena: 0 },
  };
  const { arenaBytes, opCounts } = planMemory(manifest);
  const weights = packed.concat();
  const blocks = findBlocks(program, opCounts);
  return {
    manifest: { ...manifest, blocks, memory: { weights: weights.length, arena: arenaBytes } },
    weights,
  };
}

function emitOp(
  { kind, name: node, inputs, outputs, attributes }: ProgramOp,
  table: DimensionTable,
  packed: PackedWeights,
): Op {
  const values = attributes as Readonly<Record<string, unknown>>;
  const entries = Object.entries(OPERATIONS[kind].fields as Fields).map(([name, type]): [string, unknown] => {
    const value = values[name];
    if (Number.isNaN(value)) throw unsupported(`${name} of node ${node} is no number`);
    if (type === "integer") return [name, table.dimension(value as Size)];
    if (type === "integers")
      return [name, (value as readonly Size[]).map((size): Dimension => table.dimension(size))];
    if (type === "weights") return [name, packed.add(packFinite(node, value as Layer))];
    const real = Math.fround(value as number);
    if (!Number.isFinite(real)) throw unsupported(`${name} of node ${node} is ${real}; it has to be finite`);
    return [name, real];
  });
  return { kind, inputs, outputs, attributes: Object.fromEntries(entries) } as unknown as Op;
}

/** Infinities mask; as weights they would make NaNs of zeros. */
function packFinite(node: string, layer: Layer): Uint8Array<ArrayBuffer> {
  for (const [title, data] of Object.entries(layer)) {
    if (!(data instanceof Float32Array) || data.every(Number.isFinite)) continue;
    throw unsupported(`${title} of node ${node} are not finite; only constants of other operators may be`);
  }
  const packed = packLayer(layer);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const flaw = findFlaw(view, layer.format, layer.inputs, MAX_MULTIPLIER);
  if (flaw !== null) throw unsupported(`the weights of node ${node} have ${flaw}`);
  return packed;
}

function checked({ name, dtype }: ProgramTensor, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const flaw = findConstantFlaw(bytes, dtype);
  if (flaw !== null) throw unsupported(`constant ${name} holds ${flaw}, so no answer would be of numbers`);
  return bytes;
}

function unsupported(reason: string): ModelError {
  return new ModelError("op_unsupported", reason);
}

class PackedWeights {
  readonly #parts: Uint8Array[] = [];
  bytes = 0;

  add(part: Uint8Array): WeightRange {
    const offset = align(this.bytes);
    this.#parts.push(new Uint8Array(offset - this.bytes), part);
    this.bytes = offset + part.length;
    return { offset, bytes: part.length };
  }

  concat(): Bytes {
    return concatBytes(...this.#parts);
  }
}

/** Outputs of this size are always worth their digest. */
const MAX_FREE_BLOCK_BYTES = 32 * 1024;
/**
 * Of larger ones a block has this much work, so that its digest is a small part: `npm run bench -- models` says how
 * small.
 */
const MIN_OPERATIONS_PER_BYTE = 200;

/**
 * Blocks end where a single tensor carries everything that later operations need (so that one block can be recomputed
 * from the output of the one before), and of those points at the local minima of size, where the block is worth its
 * digest. Converted inputs are known anyway. The last operation always ends a block. `opCounts` is the work of each.
 */
function findBlocks(program: Program, opCounts: readonly number[]): number[] {
  const { ops, tensors } = program;
  const symbols = program.symbols.map(({ max }) => max);
  const owner = (tensor: number) => rootOf(program, tensor);
  const lastRead = new Map<number, number>();
  for (const [time, op] of ops.entries()) {
    for (const tensor of op.inputs) if (tensor >= 0) lastRead.set(owner(tensor), time);
  }
  for (const { tensor } of program.outputs) lastRead.set(owner(tensor), ops.length);
  const cuts: { op: number; elements: number; bytes: number }[] = [];
  const alive = new Set<number>();
  for (const [time, op] of ops.entries()) {
    for (const tensor of alive) if (lastRead.get(tensor)! <= time) alive.delete(tensor);
    for (const tensor of op.outputs) if (tensor >= 0 && lastRead.has(owner(tensor))) alive.add(owner(tensor));
    const [output] = op.outputs;
    if (alive.size === 1 && output !== undefined && alive.has(owner(output))) {
      const { dtype } = tensors[output]!;
      const elements = evaluateSize(countOf(tensors[output]!), symbols);
      cuts.push({ op: time, elements, bytes: elements * ELEMENT_BYTES[dtype] });
    }
  }
  const isMinimum = ({ op, elements }: (typeof cuts)[number], index: number): boolean => {
    if (ops[op]!.kind === "convert") return false;
    const before = cuts[index - 1]?.elements ?? Number.POSITIVE_INFINITY;
    const after = cuts[index + 1]?.elements ?? Number.POSITIVE_INFINITY;
    return elements < before && elements <= after;
  };
  const blocks: number[] = [];
  for (const { op, bytes } of cuts.filter(isMinimum)) {
    const work = opCounts.slice((blocks.at(-1) ?? -1) + 1, op + 1).reduce((sum, count) => sum + count, 0);
    if (bytes <= MAX_FREE_BLOCK_BYTES || work >= bytes * MIN_OPERATIONS_PER_BYTE) blocks.push(op);
  }
  return blocks.at(-1) === ops.length - 1 || ops.length === 0 ? blocks : [...blocks, ops.length - 1];
}
