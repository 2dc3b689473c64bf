// A model as operations of the engine, while sizes are still symbols and weights are still real numbers: what lowering
// makes of a graph, what quantization rewrites, and what becomes a manifest. Every tensor is written by one operation.
import type {
  ElementType,
  Fields,
  FieldType,
  OPERATIONS,
  Operation,
  OperationKind,
  SizeSymbol,
} from "../engine/index.ts";
import { keyOf, multiply, product, type Size } from "./dimension.ts";
import { ModelError } from "./errors.ts";
import type { Layer } from "./layer.ts";

export interface ProgramTensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly Size[];
  readonly scale: number;
  readonly zeroPoint: number;
  /** The bytes of a constant, the tensor whose bytes these are, or null for its own. */
  readonly storage: Uint8Array<ArrayBuffer> | number | null;
}

type AttributeOf<T extends FieldType> = T extends "integer"
  ? Size
  : T extends "integers"
    ? readonly Size[]
    : T extends "real"
      ? number
      : Layer;
type FieldsOf<K extends OperationKind> = (typeof OPERATIONS)[K] extends Operation<infer F> ? F : never;
type AttributesOfFields<F extends Fields> = { readonly [N in keyof F]: AttributeOf<F[N]> };
export type ProgramAttributes<K extends OperationKind> = AttributesOfFields<FieldsOf<K>>;

export type ProgramOp = {
  [K in OperationKind]: {
    readonly kind: K;
    /** The node that it comes from, for reports and errors. */
    readonly name: string;
    /** −1 where an optional one is absent. */
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
    readonly attributes: ProgramAttributes<K>;
  };
}[OperationKind];

export interface ProgramPort {
  readonly name: string;
  readonly tensor: number;
}

export interface Program {
  readonly symbols: readonly SizeSymbol[];
  readonly inputs: readonly ProgramPort[];
  readonly outputs: readonly ProgramPort[];
  readonly tensors: readonly ProgramTensor[];
  readonly ops: readonly ProgramOp[];
}

/** The engine reads no more. */
const MAX_OPERATIONS = 16_384;

/** Collects tensors and operations in order. */
export class ProgramBuilder {
  readonly symbols: SizeSymbol[] = [];
  readonly inputs: ProgramPort[] = [];
  readonly outputs: ProgramPort[] = [];
  readonly tensors: ProgramTensor[] = [];
  readonly ops: ProgramOp[] = [];

  /** A tensor of its own, to be written by one operation. */
  tensor(name: string, dtype: ElementType, shape: readonly Size[], scale = 1, zeroPoint = 0): number {
    return this.tensors.push({ name, dtype, shape, scale, zeroPoint, storage: null }) - 1;
  }

  constant(
    name: string,
    dtype: ElementType,
    shape: readonly number[],
    bytes: Uint8Array<ArrayBuffer>,
  ): number {
    return this.tensors.push({ name, dtype, shape, scale: 1, zeroPoint: 0, storage: bytes }) - 1;
  }

  /** The bytes of another tensor under another shape of as many elements: a reshape moves nothing. */
  view(of: number, shape: readonly Size[]): number {
    const source = this.tensors[of]!;
    if (keyOf(product(shape)) !== keyOf(product(source.shape))) {
      throw new RangeError(`a view of ${source.name} with another number of elements`);
    }
    const root = typeof source.storage === "number" ? source.storage : of;
    return this.tensors.push({ ...source, shape, storage: root }) - 1;
  }

  /** The bytes of another tensor of bytes, with another meaning. */
  reinterpret(of: number, dtype: "u8" | "qs8", scale = 1, zeroPoint = 0): number {
    const source = this.tensors[of]!;
    const root = typeof source.storage === "number" ? source.storage : of;
    return this.tensors.push({ ...source, dtype, scale, zeroPoint, storage: root }) - 1;
  }

  op<K extends OperationKind>(
    kind: K,
    name: string,
    inputs: readonly number[],
    outputs: readonly number[],
    attributes: ProgramAttributes<K>,
  ): void {
    if (this.ops.length === MAX_OPERATIONS)
      throw new ModelError("model_too_large", `it takes more than ${MAX_OPERATIONS} operations (at ${name})`);
    this.ops.push({ kind, name, inputs, outputs, attributes } as unknown as ProgramOp);
  }

  finish(): Program {
    const { symbols, inputs, outputs, tensors, ops } = this;
    return { symbols, inputs, outputs, tensors, ops };
  }
}

/** The tensor that owns the bytes. */
export function rootOf(program: Pick<Program, "tensors">, tensor: number): number {
  const { storage } = program.tensors[tensor]!;
  return typeof storage === "number" ? storage : tensor;
}

/**
 * Without what nobody reads: operations whose outputs lead nowhere, tensors that no operation and no port names; and the
 * number that each tensor that is left has now, by the one it had.
 */
export function dropDead(program: Program): { program: Program; index: ReadonlyMap<number, number> } {
  const live = new Set(program.outputs.map(({ tensor }) => rootOf(program, tensor)));
  const ops: ProgramOp[] = [];
  for (const op of [...program.ops].reverse()) {
    if (!op.outputs.some((tensor) => tensor >= 0 && live.has(rootOf(program, tensor)))) continue;
    for (const tensor of op.inputs) if (tensor >= 0) live.add(rootOf(program, tensor));
    for (const tensor of op.outputs) if (tensor >= 0) live.add(rootOf(program, tensor));
    ops.push(op);
  }
  ops.reverse();
  for (const { tensor } of program.inputs) live.add(rootOf(program, tensor));
  const named = new Set([...program.inputs, ...program.outputs].map(({ tensor }) => tensor));
  for (const op of ops) for (const tensor of [...op.inputs, ...op.outputs]) named.add(tensor);
  const index = new Map<number, number>();
  const tensors: ProgramTensor[] = [];
  for (const [old, tensor] of program.tensors.entries()) {
    if (!named.has(old) && !live.has(old)) continue;
    const storage = typeof tensor.storage === "number" ? index.get(tensor.storage)! : tensor.storage;
    index.set(old, tensors.push({ ...tensor, storage }) - 1);
  }
  const renumber = (list: readonly number[]) => list.map((tensor) => (tensor < 0 ? -1 : index.get(tensor)!));
  const ports = (list: readonly ProgramPort[]) =>
    list.map(({ name, tensor }) => ({ name, tensor: index.get(tensor)! }));
  const living: Program = {
    symbols: program.symbols,
    inputs: ports(program.inputs),
    outputs: ports(program.outputs),
    tensors,
    ops: ops.map(
      (op) => ({ ...op, inputs: renumber(op.inputs), outputs: renumber(op.outputs) }) as ProgramOp,
    ),
  };
  return { program: living, index };
}

/** Elements of a tensor, as a size. */
export function countOf(tensor: ProgramTensor): Size {
  return tensor.shape.reduce<Size>(multiply, 1);
}
