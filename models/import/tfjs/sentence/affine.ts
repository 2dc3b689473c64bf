// What is known of a value when the length of the sentence is the only thing that is not: tensors whose every element is
// affine in that length and in the element's own coordinates along axes as long as the sentence. Shapes, row indices,
// masks that hold everywhere and lengths are of this kind.
import type { Constant, DataType } from "../../../graph.ts";
import { broadcast, equalSizes, type Size } from "../size.ts";

/** The one named dimension. */
export const TOKENS = "tokens";
export const LENGTH: Size = { factor: 1, names: [TOKENS] };

/** constant + length · n + Σ steps[axis] · coordinate[axis] */
export interface Form {
  readonly constant: number;
  readonly length: number;
  /** One for each axis of the tensor; 0 along all but long axes. */
  readonly steps: readonly number[];
}

export interface Affine {
  readonly dtype: DataType;
  /** Numbers and LENGTH. */
  readonly shape: readonly Size[];
  /** Row-major over the axes of known size; a long axis counts as one of size 1. */
  readonly forms: readonly Form[];
}

/** A constant of more elements than this is weights, not a shape or an index. */
const MAX_CONSTANT = 64;
/** Zeros that rows are scattered into have as many forms as a row has elements. */
const MAX_FORMS = 4096;

export const isLong = (size: Size) => equalSizes(size, LENGTH);

/** Sizes by which forms are numbered. */
const fixed = (shape: readonly Size[]) => shape.map((size) => (typeof size === "number" ? size : 1));

const formCount = (shape: readonly Size[]) => fixed(shape).reduce((product, size) => product * size, 1);

/** The tensor with `form(index)` for its elements; null where that is null, or where they are too many or inexact. */
export function create(
  dtype: DataType,
  shape: readonly Size[],
  form: (index: readonly number[]) => Form | null,
): Affine | null {
  if (!shape.every((size) => typeof size === "number" || isLong(size)) || formCount(shape) > MAX_FORMS)
    return null;
  const sizes = fixed(shape);
  const forms: Form[] = [];
  for (let at = 0; at < formCount(shape); at++) {
    let rest = at;
    const index = sizes.map(() => 0);
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      index[axis] = rest % sizes[axis]!;
      rest = Math.floor(rest / sizes[axis]!);
    }
    const next = form(index);
    if (next === null || !isExact(next)) return null;
    forms.push(next);
  }
  return { dtype, shape, forms };
}

/** What f32 and i32 hold without rounding or wrapping, so that the model would compute the same. */
function isExact({ constant, length, steps }: Form): boolean {
  if (length === 0 && steps.every((step) => step === 0)) {
    return Number.isSafeInteger(constant) || Math.fround(constant) === constant;
  }
  return [constant, length, ...steps].every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 16);
}

export function fromConstant({ dtype, shape, data }: Constant): Affine | null {
  if (data.length > MAX_CONSTANT) return null;
  let at = 0;
  return create(dtype, shape, () => constantForm(Number(data[at++]!), shape.length));
}

export function constantForm(constant: number, rank: number): Form {
  return { constant, length: 0, steps: Array.from({ length: rank }, () => 0) };
}

export function formAt({ shape, forms }: Affine, index: readonly number[]): Form {
  const at = fixed(shape).reduce((sum, size, axis) => sum * size + index[axis]!, 0);
  return forms[at]!;
}

/** The number that every element is, or null. */
export function numberOf({ forms }: Affine): number | null {
  const [first] = forms;
  return first !== undefined && forms.every((form) => isConstant(form) && form.constant === first.constant)
    ? first.constant
    : null;
}

export function isConstant({ length, steps }: Form): boolean {
  return length === 0 && steps.every((step) => step === 0);
}

/** Whether it is 0 … n − 1: every index along a long axis, in order. */
export function areAllIndices({ shape, forms }: Affine): boolean {
  const [form] = forms;
  const isVector = shape.length === 1 && isLong(shape[0]!);
  return isVector && form?.constant === 0 && form.length === 0 && form.steps[0] === 1;
}

/** The elements as sizes, where none has coordinates and none is a sum. */
export function toSizes({ forms, shape }: Affine): Size[] | null {
  if (shape.some(isLong)) return null;
  const sizes = forms.map(({ constant, length }): Size => {
    if (length === 0) return constant;
    return constant === 0 ? { factor: length, names: [TOKENS] } : null;
  });
  return sizes.includes(null) ? null : sizes;
}

export function fromSizes(dtype: DataType, sizes: readonly Size[]): Affine | null {
  return create(dtype, [sizes.length], ([i]) => {
    const size = sizes[i!]!;
    if (typeof size === "number") return constantForm(size, 1);
    if (size === null || size.names.join() !== TOKENS) return null;
    return { constant: 0, length: size.factor, steps: [0] };
  });
}

/** Element by element, with broadcasting. */
export function combine(
  a: Affine,
  b: Affine,
  dtype: DataType,
  operate: (a: Form, b: Form) => Form | null,
): Affine | null {
  const rank = Math.max(a.shape.length, b.shape.length);
  const aligned = [a, b].map((value) => align(value, rank)) as [Affine, Affine];
  const shape = Array.from({ length: rank }, (_, axis) =>
    broadcast(aligned[0].shape[axis]!, aligned[1].shape[axis]!),
  );
  // A long axis beside one of known size is a model that takes sentences of one length.
  if (shape.some((size, axis) => !isLong(size) && aligned.some((value) => isLong(value.shape[axis]!))))
    return null;
  return create(dtype, shape, (index) => {
    const [x, y] = aligned.map((value) =>
      formAt(
        value,
        index.map((i, axis) => (value.shape[axis] === 1 ? 0 : i)),
      ),
    );
    return operate(x!, y!);
  });
}

/** With axes of size 1 in front. */
function align(value: Affine, rank: number): Affine {
  const missing = Array.from({ length: rank - value.shape.length }, () => 1);
  return {
    ...value,
    shape: [...missing, ...value.shape],
    forms: value.forms.map((form) => ({ ...form, steps: [...missing.map(() => 0), ...form.steps] })),
  };
}

export function map(value: Affine, dtype: DataType, operate: (form: Form) => Form | null): Affine | null {
  let at = 0;
  return create(dtype, value.shape, () => operate(value.forms[at++]!));
}

export function addForms(a: Form, b: Form, sign = 1): Form {
  return {
    constant: a.constant + sign * b.constant,
    length: a.length + sign * b.length,
    steps: a.steps.map((step, axis) => step + sign * b.steps[axis]!),
  };
}

/** null where the product is not affine. −0 counts as 0. */
export function multiplyForms(a: Form, b: Form): Form | null {
  if (!isConstant(b)) return isConstant(a) ? multiplyForms(b, a) : null;
  const times = (value: number) => value * b.constant + 0;
  return { constant: times(a.constant), length: times(a.length), steps: a.steps.map(times) };
}

/** The elements in the same order under another shape, which may differ in axes of size 1 alone or have no long axis. */
export function reshape(value: Affine, shape: readonly Size[]): Affine | null {
  const places = (sizes: readonly Size[]) => sizes.flatMap((size, axis) => (size === 1 ? [] : [axis]));
  const [from, to] = [places(value.shape), places(shape)];
  const same =
    from.length === to.length && from.every((axis, i) => equalSizes(value.shape[axis]!, shape[to[i]!]!));
  if (!same && (value.shape.some(isLong) || formCount(shape) !== value.forms.length)) return null;
  let at = 0;
  return create(value.dtype, shape, () => {
    const form = value.forms[at++]!;
    const steps = shape.map((_, axis) =>
      same && to.includes(axis) ? form.steps[from[to.indexOf(axis)]!]! : 0,
    );
    return { ...form, steps };
  });
}

export function transpose(value: Affine, order: readonly number[]): Affine | null {
  return create(
    value.dtype,
    order.map((axis) => value.shape[axis]!),
    (index) => {
      const from = order.map(() => 0);
      for (const [to, axis] of order.entries()) from[axis] = index[to]!;
      const form = formAt(value, from);
      return { ...form, steps: order.map((axis) => form.steps[axis]!) };
    },
  );
}
