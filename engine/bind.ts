// A manifest with values for its symbols: every shape and attribute a number, every operation ready to be lowered.
import { InferenceError } from "../protocol/errors.ts";
import { type Evaluate, evaluateDimensions } from "./dimensions.ts";
import { type Bases, type BoundTensor, elementCount, Lowering } from "./lowering.ts";
import {
  type Dimension,
  ELEMENT_BYTES,
  type ElementType,
  type Manifest,
  type Op,
  type WeightRange,
} from "./manifest.ts";
import type { BoundAttributes, Fields, Operation } from "./operations/define.ts";
import { OPERATIONS } from "./operations/operations.ts";

/** A tensor's shape, before it has an address. */
export type ShapedTensor = Omit<BoundTensor, "pointer"> & { readonly storage: WeightRange | number | null };

export interface BoundManifest {
  readonly manifest: Manifest;
  readonly tensors: readonly ShapedTensor[];
  readonly evaluate: Evaluate;
}

/** Above any tensor that fits a 32-bit memory. */
const MAX_ELEMENTS = 2 ** 31 - 1;

/** Types whose every bit pattern stands for a number, so that one may be read as the other. */
const isByte = (dtype: ElementType) => dtype === "u8" || dtype === "qs8";

/** Throws InferenceError manifest_invalid where a shape is no shape or a tensor does not fit what it shares. */
export function bindManifest(manifest: Manifest, symbols: readonly number[]): BoundManifest {
  const evaluate = evaluateDimensions(manifest, symbols);
  const tensors: ShapedTensor[] = [];
  for (const [index, { dtype, shape, scale, zeroPoint, storage }] of manifest.tensors.entries()) {
    const sizes = shape.map(evaluate);
    const count = elementCount(sizes);
    const refuse = (reason: string): never => {
      throw new InferenceError(
        "manifest_invalid",
        `${manifest.name}: tensor ${index} [${sizes.join(", ")}] ${reason}`,
      );
    };
    // An empty tensor too: products of some of its sizes count the rounds of loops.
    const extent = elementCount(sizes.map((size) => Math.max(1, size)));
    if (sizes.some((size) => !(size >= 0))) refuse("has a size below 0");
    if (extent > MAX_ELEMENTS) refuse(`is larger than ${MAX_ELEMENTS} elements`);
    const bytes = count * ELEMENT_BYTES[dtype];
    if (typeof storage === "number") {
      const root =
        tensors[storage] ?? refuse(`shares the bytes of tensor ${storage}, which does not come before`);
      const shares = root.dtype === dtype || (isByte(root.dtype) && isByte(dtype));
      if (!shares || root.count !== count) {
        refuse(
          `of ${dtype} cannot have the bytes of tensor ${storage}, ${root.dtype} [${root.shape.join(", ")}]`,
        );
      }
    } else if (storage !== null && storage.bytes !== bytes)
      refuse(`takes ${bytes} bytes, not ${storage.bytes}`);
    tensors.push({ dtype, shape: sizes, scale, zeroPoint, count, storage });
  }
  return { manifest, tensors, evaluate };
}

/** The kernel calls of one operation. `pointer` gives each tensor its address. Throws InferenceError manifest_invalid. */
export function lowerOperation(
  { manifest, tensors, evaluate }: BoundManifest,
  index: number,
  bases: Bases,
  pointer: (tensor: number) => number,
): Lowering {
  const op = manifest.ops[index]!;
  const bind = (tensor: number): BoundTensor | null =>
    tensor < 0 ? null : { ...tensors[tensor]!, pointer: pointer(tensor) };
  const title = `${manifest.name}: operation ${index} (${op.kind})`;
  const lowering = new Lowering(title, op.inputs.map(bind), op.outputs.map(bind), bases);
  // The union of operations cannot follow that kind and attributes belong together.
  const operation = OPERATIONS[op.kind] as unknown as Operation<Fields>;
  operation.lower(lowering, bindAttributes(lowering, operation.fields, op, evaluate));
  return lowering;
}

function bindAttributes(
  lowering: Lowering,
  fields: Fields,
  op: Op,
  evaluate: Evaluate,
): BoundAttributes<Fields> {
  const attributes = op.attributes as Readonly<Record<string, unknown>>;
  const integer = (name: string, dimension: Dimension): number => {
    const value = evaluate(dimension);
    lowering.need((value | 0) === value, `${name} is ${value}, which 32 bits do not hold`);
    return value;
  };
  const entries = Object.entries(fields).map(([name, type]) => {
    const value = attributes[name];
    if (type === "integer") return [name, integer(name, value as Dimension)];
    if (type !== "integers") return [name, value];
    return [name, (value as readonly Dimension[]).map((each) => integer(name, each))];
  });
  return Object.fromEntries(entries) as BoundAttributes<Fields>;
}
