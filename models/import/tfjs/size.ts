// Sizes as far as a reader can tell them: a number, a number times named dimensions, or null for all others.
import type { NamedDimension } from "../../graph.ts";

export type Size = number | Product | null;

export interface Product {
  readonly factor: number;
  /** Sorted; at least one. */
  readonly names: readonly string[];
}

export function sizeOf(dimension: NamedDimension): Size {
  return typeof dimension === "number" ? dimension : { factor: 1, names: [dimension] };
}

/** Whether both are known and the same for every request. */
export function equalSizes(a: Size, b: Size): boolean {
  return a !== null && b !== null && keyOf(a) === keyOf(b);
}

export function multiply(a: Size, b: Size): Size {
  if (a === null || b === null) return null;
  return create(factorOf(a) * factorOf(b), [...namesOf(a), ...namesOf(b)]);
}

/** The exact quotient; null where there is none. */
export function divide(a: Size, b: Size): Size {
  if (a === null || b === null || factorOf(b) === 0) return null;
  const names = [...namesOf(a)];
  for (const name of namesOf(b)) {
    const at = names.indexOf(name);
    if (at < 0) return null;
    names.splice(at, 1);
  }
  const factor = factorOf(a) / factorOf(b);
  return Number.isInteger(factor) ? create(factor, names) : null;
}

export function productOf(sizes: readonly Size[]): Size {
  return sizes.reduce(multiply, 1);
}

/** The size that two axes have together under broadcasting. */
export function broadcast(a: Size, b: Size): Size {
  if (a === 1 || equalSizes(a, b)) return b;
  if (b === 1) return a;
  // A number above 1 must be the size of both, or the model fails.
  if (typeof a === "number") return a;
  return typeof b === "number" ? b : null;
}

function create(factor: number, names: readonly string[]): Size {
  return names.length === 0 || factor === 0 ? factor : { factor, names: [...names].sort() };
}

function factorOf(size: number | Product): number {
  return typeof size === "number" ? size : size.factor;
}

function namesOf(size: number | Product): readonly string[] {
  return typeof size === "number" ? [] : size.names;
}

function keyOf(size: number | Product): string {
  return JSON.stringify([factorOf(size), namesOf(size)]);
}
