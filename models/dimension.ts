// Sizes while they are still symbols: polynomials with integer coefficients over symbols and over quotients, minima and
// maxima that cannot be resolved. Two sizes are equal for every request if and only if their keys are equal (sizes that
// are equal for a deeper reason count as different, and the model is refused rather than guessed at).
import type { DIMENSION_OPS, Dimension, DimensionNode } from "../engine/index.ts";
import { ModelError } from "./errors.ts";

export type Size = number | Polynomial;

export interface Polynomial {
  /** Sorted by key; no coefficient is 0; at least one has factors. */
  readonly terms: readonly Term[];
  readonly key: string;
}

interface Term {
  readonly coefficient: number;
  /** Sorted; empty for the constant. */
  readonly factors: readonly Atom[];
}

type Atom =
  | {
      readonly kind: "symbol";
      readonly index: number;
      readonly range: Range;
      readonly key: string;
    }
  | {
      readonly kind: "div" | "min" | "max";
      readonly a: Size;
      readonly b: Size;
      /** Quotients, minima and maxima inside each other. */
      readonly depth: number;
      readonly key: string;
    };

/** Far beyond the sizes of any model: a formula that grows past them would keep the compiler busy for hours. */
const MAX_TERMS = 256;
const MAX_FACTORS = 16;
const MAX_DEPTH = 32;

/** Both ends are values that it may have. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export function symbol(index: number, range: Range): Size {
  return normalize([{ coefficient: 1, factors: [{ kind: "symbol", index, range, key: `s${index}` }] }]);
}

export function keyOf(size: Size): string {
  return typeof size === "number" ? String(size) : size.key;
}

export function equalSizes(a: Size, b: Size): boolean {
  return keyOf(a) === keyOf(b);
}

export function equalShapes(a: readonly Size[], b: readonly Size[]): boolean {
  return a.length === b.length && a.every((size, axis) => equalSizes(size, b[axis]!));
}

export function add(a: Size, b: Size): Size {
  return normalize([...termsOf(a), ...termsOf(b)]);
}

export function subtract(a: Size, b: Size): Size {
  return add(a, multiply(b, -1));
}

export function multiply(a: Size, b: Size): Size {
  return normalize(
    termsOf(a).flatMap((x) =>
      termsOf(b).map((y) => ({
        coefficient: x.coefficient * y.coefficient,
        factors: [...x.factors, ...y.factors].sort((p, q) => (p.key < q.key ? -1 : p.key > q.key ? 1 : 0)),
      })),
    ),
  );
}

/** Rounds down. What divides without remainder leaves the quotient: (8·s − 1) / 2 = 4·s + (−1) / 2 = 4·s − 1. */
export function divide(a: Size, b: Size): Size {
  if (typeof b === "number") {
    if (b === 1) return a;
    const whole = termsOf(a).filter(({ coefficient }) => coefficient % b === 0);
    const rest = normalize(termsOf(a).filter(({ coefficient }) => coefficient % b !== 0));
    const quotient = normalize(whole.map((term) => ({ ...term, coefficient: term.coefficient / b })));
    if (typeof rest === "number") return add(quotient, Math.floor(rest / b));
    return add(quotient, opaque("div", rest, b));
  }
  const exact = divideExactly(a, b);
  return exact ?? opaque("div", a, b);
}

/** a / b where b is a single product that every term of a contains; null otherwise. */
export function divideExactly(a: Size, b: Size): Size | null {
  const [divisor, ...more] = termsOf(b);
  if (divisor === undefined || more.length > 0) return equalSizes(a, b) ? 1 : null;
  const terms: Term[] = [];
  for (const { coefficient, factors } of termsOf(a)) {
    if (coefficient % divisor.coefficient !== 0) return null;
    const left = [...factors];
    for (const factor of divisor.factors) {
      const at = left.findIndex(({ key }) => key === factor.key);
      if (at < 0) return null;
      left.splice(at, 1);
    }
    terms.push({ coefficient: coefficient / divisor.coefficient, factors: left });
  }
  return normalize(terms);
}

export function minimum(a: Size, b: Size): Size {
  return extreme("min", a, b);
}

export function maximum(a: Size, b: Size): Size {
  return extreme("max", a, b);
}

function extreme(kind: "min" | "max", a: Size, b: Size): Size {
  const difference = subtract(a, b);
  if (typeof difference !== "number") return opaque(kind, a, b);
  return difference < 0 === (kind === "min") ? a : b;
}

export function product(sizes: readonly Size[]): Size {
  return sizes.reduce<Size>(multiply, 1);
}

export function formatShape(shape: readonly Size[]): string {
  return `[${shape.map(keyOf).join(", ")}]`;
}

/** The number, where symbols have these values. */
export function evaluateSize(size: Size, symbols: readonly number[]): number {
  const read = (atom: Atom): number => {
    if (atom.kind === "symbol") return symbols[atom.index]!;
    const [a, b] = [evaluateSize(atom.a, symbols), evaluateSize(atom.b, symbols)];
    return atom.kind === "div" ? Math.floor(a / b) : atom.kind === "min" ? Math.min(a, b) : Math.max(a, b);
  };
  return termsOf(size).reduce(
    (sum, { coefficient, factors }) =>
      sum + factors.reduce((result, factor) => result * read(factor), coefficient),
    0,
  );
}

/** Between what it can be at most, whatever is asked; not always reached, since symbols that meet twice count twice. */
export function rangeOf(size: Size): Range {
  const one = { min: 1, max: 1 };
  return termsOf(size)
    .map(({ coefficient, factors }) =>
      factors.map(rangeOfAtom).reduce(times, times(one, { min: coefficient, max: coefficient })),
    )
    .reduce((sum, { min, max }) => ({ min: sum.min + min, max: sum.max + max }), { min: 0, max: 0 });
}

function rangeOfAtom(atom: Atom): Range {
  if (atom.kind === "symbol") return atom.range;
  const [a, b] = [rangeOf(atom.a), rangeOf(atom.b)];
  if (atom.kind === "min") return { min: Math.min(a.min, b.min), max: Math.min(a.max, b.max) };
  if (atom.kind === "max") return { min: Math.max(a.min, b.min), max: Math.max(a.max, b.max) };
  if (b.min <= 0 && b.max >= 0) return { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  const quotients = corners(a, b, (x, y) => Math.floor(x / y));
  return { min: Math.min(...quotients), max: Math.max(...quotients) };
}

function times(a: Range, b: Range): Range {
  const products = corners(a, b, (x, y) => (x === 0 || y === 0 ? 0 : x * y));
  return { min: Math.min(...products), max: Math.max(...products) };
}

function corners(a: Range, b: Range, apply: (x: number, y: number) => number): number[] {
  return [a.min, a.max].flatMap((x) => [b.min, b.max].map((y) => apply(x, y)));
}

/** a / b where that is the same number for every request; null otherwise. */
export function ratioOf(a: Size, b: Size): number | null {
  const [[first], [second]] = [termsOf(a), termsOf(b)];
  if (first === undefined || second === undefined) return null;
  const [x, y] = [first.coefficient, second.coefficient];
  return equalSizes(multiply(a, y), multiply(b, x)) ? x / y : null;
}

function termsOf(size: Size): readonly Term[] {
  if (typeof size !== "number") return size.terms;
  return size === 0 ? [] : [{ coefficient: size, factors: [] }];
}

function opaque(kind: "div" | "min" | "max", a: Size, b: Size): Size {
  const depth = 1 + Math.max(depthOf(a), depthOf(b));
  if (depth > MAX_DEPTH) throw tooLarge(`quotients, minima and maxima ${MAX_DEPTH} deep`);
  const key = `${kind}(${keyOf(a)},${keyOf(b)})`;
  return normalize([{ coefficient: 1, factors: [{ kind, a, b, depth, key }] }]);
}

function depthOf(size: Size): number {
  const atoms = termsOf(size).flatMap(({ factors }) => factors);
  return Math.max(0, ...atoms.map((atom) => (atom.kind === "symbol" ? 0 : atom.depth)));
}

function tooLarge(limit: string): ModelError {
  return new ModelError(
    "model_too_large",
    `a size that depends on the request is a formula of more than ${limit}`,
  );
}

function normalize(terms: readonly Term[]): Size {
  const sums = new Map<string, Term>();
  for (const term of terms) {
    if (term.factors.length > MAX_FACTORS) throw tooLarge(`${MAX_FACTORS} factors`);
    const key = term.factors.map((factor) => factor.key).join("*");
    const known = sums.get(key);
    sums.set(key, { ...term, coefficient: term.coefficient + (known?.coefficient ?? 0) });
  }
  if (sums.size > MAX_TERMS) throw tooLarge(`${MAX_TERMS} terms`);
  const kept = [...sums].filter(([, { coefficient }]) => coefficient !== 0);
  const [only] = kept;
  if (only === undefined) return 0;
  if (kept.length === 1 && only[0] === "") return only[1].coefficient;
  kept.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const key = kept
    .map(([name, { coefficient }]) =>
      name === "" ? `${coefficient}` : coefficient === 1 ? name : `${coefficient}*${name}`,
    )
    .join("+");
  return { terms: kept.map(([, term]) => term), key };
}

/** Writes sizes as nodes of a manifest, each different one once. */
export class DimensionTable {
  readonly nodes: DimensionNode[] = [];
  readonly #known = new Map<string, Dimension>();

  dimension(size: Size): Dimension {
    if (typeof size === "number") return size;
    const terms = size.terms.map(({ coefficient, factors }) => {
      const [first, ...others] = factors.map((factor) => this.#atom(factor));
      const whole = others.reduce<Dimension>(
        (result, factor) => this.#node("mul", [result, factor]),
        first ?? 1,
      );
      if (first === undefined) return coefficient;
      return coefficient === 1 ? whole : this.#node("mul", [whole, coefficient]);
    });
    return terms.reduce((sum, term) => this.#node("add", [sum, term]));
  }

  #atom(atom: Atom): Dimension {
    if (atom.kind === "symbol") return this.#node("symbol", [atom.index]);
    return this.#node(atom.kind, [this.dimension(atom.a), this.dimension(atom.b)]);
  }

  #node(op: (typeof DIMENSION_OPS)[number], operands: readonly Dimension[]): Dimension {
    const key = `${op}(${operands.map((operand) => JSON.stringify(operand)).join()})`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const dimension: Dimension = [this.nodes.push({ op, operands }) - 1];
    this.#known.set(key, dimension);
    return dimension;
  }
}
