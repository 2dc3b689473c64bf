// Operators on what is known. Null: the result is not known, and the node stays.
import { entryOf } from "../../../entry.ts";
import type { DataType, Node } from "../../../graph.ts";
import type { Size } from "../size.ts";
import { fromStart } from "../types.ts";
import {
  type Affine,
  addForms,
  areAllIndices,
  combine,
  constantForm,
  create,
  type Form,
  formAt,
  fromSizes,
  isConstant,
  isLong,
  LENGTH,
  map,
  multiplyForms,
  numberOf,
  reshape,
  toSizes,
  transpose,
} from "./affine.ts";
import type { LimitFinder } from "./limits.ts";

export interface Evaluation {
  readonly node: Node;
  readonly limits: LimitFinder;
  /** What is known of an input; null where nothing is, or where it is absent. */
  known(index: number): Affine | null;
  /** The shape of an input, of data too. */
  shape(index: number): readonly Size[] | null;
}

type Evaluate = (evaluation: Evaluation) => Affine | null;

export function evaluate(evaluation: Evaluation): Affine | null {
  const { op } = evaluation.node;
  return entryOf(OPERATORS, op)?.(evaluation) ?? null;
}

const binary =
  (operate: (a: Form, b: Form, limits: LimitFinder) => Form | null): Evaluate =>
  ({ known, limits }) => {
    const [a, b] = [known(0), known(1)];
    return a && b && combine(a, b, a.dtype, (x, y) => operate(x, y, limits));
  };

const larger = (a: Form, b: Form, limits: LimitFinder): Form | null => {
  const sign = limits.sign(addForms(a, b, -1));
  return sign === null ? null : sign ? a : b;
};
const smaller = (a: Form, b: Form, limits: LimitFinder): Form | null => {
  const sign = limits.sign(addForms(b, a, -1));
  return sign === null ? null : sign ? a : b;
};

/** Holds if and only if the integer that `difference` makes is ≥ 0. */
const comparison =
  (difference: (a: Form, b: Form) => Form): Evaluate =>
  ({ known, limits }) => {
    const [a, b] = [known(0), known(1)];
    if (!a || !b || !isInteger(a.dtype)) return null;
    return combine(a, b, "bool", (x, y) => {
      const form = difference(x, y);
      // A comparison that short sentences pass and long ones fail clips them: it becomes a limit.
      const holds = limits.sign(form) ?? (limits.assume(form) ? true : null);
      return holds === null ? null : constantForm(Number(holds), x.steps.length);
    });
  };

const isInteger = (dtype: DataType) => dtype === "i32" || dtype === "i64";
const minusOne = (form: Form): Form => ({ ...form, constant: form.constant - 1 });

const truth =
  (operate: (a: number, b: number) => number): Evaluate =>
  ({ known }) => {
    const [a, b] = [known(0), known(1)];
    if (a?.dtype !== "bool" || b?.dtype !== "bool") return null;
    return combine(a, b, "bool", (x, y) => constantForm(operate(x.constant, y.constant), x.steps.length));
  };

function cast({ node, known }: Evaluation): Affine | null {
  const to = node.attributes.get("to") as DataType;
  const value = known(0);
  if (value === null || to !== "bool") {
    return (
      value && map(value, to, (form) => (Number.isInteger(form.constant) || !isInteger(to) ? form : null))
    );
  }
  return map(value, to, (form) =>
    isConstant(form) ? constantForm(Number(form.constant !== 0), form.steps.length) : null,
  );
}

function integers(value: Affine | null): number[] | null {
  return value?.forms.every(isConstant) ? value.forms.map(({ constant }) => constant) : null;
}

function slice({ node, known }: Evaluation): Affine | null {
  const value = known(0);
  const [starts, ends, given, steps] = [1, 2, 3, 4].map((index) => integers(known(index)));
  if (value === null || !starts || !ends || !given) return null;
  const shape = [...value.shape];
  const from = value.shape.map(() => 0);
  for (const [i, start] of starts.entries()) {
    const axis = fromStart(given[i]!, shape.length);
    const size = value.shape[axis];
    if (node.inputs.length > 4 && steps?.[i] !== 1) return null;
    if (typeof size !== "number") return null;
    const clamp = (bound: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size);
    from[axis] = clamp(start);
    shape[axis] = Math.max(0, clamp(ends[i]!) - from[axis]!);
  }
  return create(value.dtype, shape, (index) =>
    formAt(
      value,
      index.map((i, axis) => i + from[axis]!),
    ),
  );
}

function squeeze({ known }: Evaluation): Affine | null {
  const [value, axes] = [known(0), integers(known(1))];
  if (value === null || axes === null) return null;
  const removed = new Set(axes.map((axis) => fromStart(axis, value.shape.length)));
  return reshape(
    value,
    value.shape.filter((_, axis) => !removed.has(axis)),
  );
}

function unsqueeze({ known }: Evaluation): Affine | null {
  const [value, axes] = [known(0), integers(known(1))];
  if (value === null || axes === null) return null;
  const rank = value.shape.length + axes.length;
  const added = new Set(axes.map((axis) => fromStart(axis, rank)));
  const left = [...value.shape];
  return reshape(
    value,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : left.shift()!)),
  );
}

function reshapeTo({ known }: Evaluation): Affine | null {
  const value = known(0);
  const target = known(1);
  const sizes = target && toSizes(target);
  if (value === null || !sizes) return null;
  if (sizes.length === 1 && sizes[0] === -1) {
    const long = value.shape.some(isLong);
    return reshape(value, [long ? LENGTH : value.forms.length]);
  }
  return sizes.includes(-1) ? null : reshape(value, sizes);
}

function concat({ node, known }: Evaluation): Affine | null {
  const values = node.inputs.map((_, index) => known(index));
  if (!values.every((value) => value !== null) || values.length === 0) return null;
  const [first] = values;
  const axis = fromStart(node.attributes.get("axis") as number, first!.shape.length);
  const sizes = values.map((value) => value.shape[axis]);
  if (!sizes.every((size) => typeof size === "number")) return null;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return create(
    first!.dtype,
    first!.shape.map((size, i) => (i === axis ? total : size)),
    (index) => {
      let place = index[axis]!;
      let which = 0;
      while (place >= sizes[which]!) place -= sizes[which++]!;
      return formAt(
        values[which]!,
        index.map((i, at) => (at === axis ? place : i)),
      );
    },
  );
}

/** Rows of known numbers, or all rows, out of what is known. */
function gather({ node, known }: Evaluation): Affine | null {
  const [value, indices] = [known(0), known(1)];
  if (value === null || indices === null) return null;
  const axis = fromStart((node.attributes.get("axis") as number | undefined) ?? 0, value.shape.length);
  const size = value.shape[axis] ?? null;
  if (isLong(size)) return areAllIndices(indices) ? value : null;
  const picks = integers(indices);
  if (typeof size !== "number" || picks === null || indices.shape.length > 1 || indices.shape.some(isLong))
    return null;
  const rank = indices.shape.length;
  const shape = [...value.shape.slice(0, axis), ...indices.shape, ...value.shape.slice(axis + 1)];
  return create(value.dtype, shape, (index) => {
    const row = fromStart(picks[rank === 0 ? 0 : index[axis]!]!, size);
    if (row < 0 || row >= size) return null;
    const form = formAt(value, [...index.slice(0, axis), row, ...index.slice(axis + rank)]);
    const steps = [
      ...form.steps.slice(0, axis),
      ...indices.shape.map(() => 0),
      ...form.steps.slice(axis + 1),
    ];
    return { ...form, steps };
  });
}

/** Where all holds along the only axis that is long, the places are that axis' coordinates. */
function nonZero({ known }: Evaluation): Affine | null {
  const value = known(0);
  if (value === null || !value.forms.every((form) => isConstant(form) && form.constant !== 0)) return null;
  const long = value.shape.findIndex(isLong);
  if (long < 0 || !value.shape.every((size, axis) => axis === long || size === 1)) return null;
  return create("i64", [value.shape.length, LENGTH], ([axis]) => ({
    ...constantForm(0, 2),
    steps: [0, axis === long ? 1 : 0],
  }));
}

/** Folds one axis of known size, or all coordinates of a long one. */
const reduction =
  (
    fold: (a: Form, b: Form, limits: LimitFinder) => Form | null,
    along: (form: Form, step: number) => Form | null,
  ): Evaluate =>
  ({ node, known, limits }) => {
    let value = known(0);
    const axes = integers(known(1));
    if (value === null || axes === null) return null;
    const rank = value.shape.length;
    const reduced = new Set(axes.map((axis) => fromStart(axis, rank)));
    for (const axis of reduced) {
      if (value === null) return null;
      const before: Affine = value;
      const size = before.shape[axis]!;
      const shape = before.shape.map((old, i) => (i === axis ? 1 : old));
      value = create(before.dtype, shape, (index) => {
        if (isLong(size)) {
          const form = formAt(before, index);
          return along(
            { ...form, steps: form.steps.map((step, i) => (i === axis ? 0 : step)) },
            form.steps[axis]!,
          );
        }
        const forms = Array.from({ length: size as number }, (_, place) =>
          formAt(
            before,
            index.map((i, at) => (at === axis ? place : i)),
          ),
        );
        return forms
          .slice(1)
          .reduce<Form | null>((sum, form) => sum && fold(sum, form, limits), forms[0] ?? null);
      });
    }
    if (value === null || node.attributes.get("keepdims") !== 0) return value;
    return reshape(
      value,
      value.shape.filter((_, axis) => !reduced.has(axis)),
    );
  };

/** The largest is at the last coordinate of what rises, at the first of what falls. */
const highest = (form: Form, step: number): Form =>
  step <= 0 ? form : { ...form, constant: form.constant - step, length: form.length + step };
const lowestAlong = (form: Form, step: number): Form =>
  step >= 0 ? form : { ...form, constant: form.constant - step, length: form.length + step };
const sumAlong = (form: Form, step: number): Form | null =>
  step === 0 && isConstant(form) ? { ...form, constant: 0, length: form.constant } : null;

/** From a number by ones to the sentence's length, or to another number. */
function range({ known }: Evaluation): Affine | null {
  const [start, limit, delta] = [known(0), known(1), known(2)];
  if (!start || !limit || !delta || numberOf(delta) !== 1) return null;
  const first = numberOf(start);
  const count = addForms(limit.forms[0]!, start.forms[0]!, -1);
  if (first === null || count.steps.length > 0) return null;
  if (isConstant(count))
    return create(start.dtype, [Math.max(0, count.constant)], ([i]) => constantForm(first + i!, 1));
  if (count.length !== 1 || count.constant !== 0) return null;
  return create(start.dtype, [LENGTH], () => ({ constant: first, length: 0, steps: [1] }));
}

function expand({ known }: Evaluation): Affine | null {
  const [value, target] = [known(0), known(1)];
  const sizes = target && toSizes(target);
  if (value === null || !sizes) return null;
  const blank = create(value.dtype, sizes, () => constantForm(0, sizes.length));
  return blank && combine(value, blank, value.dtype, (form) => form);
}

const OPERATORS: Readonly<Record<string, Evaluate>> = {
  Add: binary((a, b) => addForms(a, b)),
  And: truth((a, b) => a & b),
  Cast: cast,
  Concat: concat,
  Expand: expand,
  Gather: gather,
  Greater: comparison((a, b) => minusOne(addForms(a, b, -1))),
  GreaterOrEqual: comparison((a, b) => addForms(a, b, -1)),
  Identity: ({ known }) => known(0),
  Less: comparison((a, b) => minusOne(addForms(b, a, -1))),
  LessOrEqual: comparison((a, b) => addForms(b, a, -1)),
  Max: binary(larger),
  Min: binary(smaller),
  Mul: binary(multiplyForms),
  NonZero: nonZero,
  Not: ({ known }) => {
    const value = known(0);
    return value && map(value, "bool", (form) => constantForm(1 - form.constant, form.steps.length));
  },
  Or: truth((a, b) => a | b),
  Range: range,
  ReduceMax: reduction(larger, highest),
  ReduceMin: reduction(smaller, lowestAlong),
  ReduceProd: reduction(multiplyForms, (form, step) =>
    step === 0 && form.constant === 1 && isConstant(form) ? form : null,
  ),
  ReduceSum: reduction((a, b) => addForms(a, b), sumAlong),
  Reshape: reshapeTo,
  Shape: ({ shape }) => {
    const sizes = shape(0);
    return sizes && fromSizes("i64", sizes);
  },
  Slice: slice,
  Squeeze: squeeze,
  Sub: binary((a, b) => addForms(a, b, -1)),
  Transpose: ({ node, known }) => {
    const value = known(0);
    return value && transpose(value, node.attributes.get("perm") as readonly number[]);
  },
  Unsqueeze: unsqueeze,
};
