// Sizes that depend on a request: its shapes give the symbols their values, and the manifest's nodes everything else.
import { InferenceError } from "../protocol/errors.ts";
import type { Dimension, Manifest } from "./manifest.ts";

/** Above any size or offset that fits a 32-bit memory; products of two of them are safe integers. */
const MAX_DIMENSION = 2 ** 31 - 1;

/** Reads a dimension once every symbol has a value. */
export type Evaluate = (dimension: Dimension) => number;

/**
 * Computes every node once. Throws InferenceError manifest_invalid where a result leaves 32 bits: a manifest that was
 * made by the compiler keeps far below for all values between a symbol's min and max.
 */
export function evaluateDimensions(manifest: Manifest, symbols: readonly number[]): Evaluate {
  const values: number[] = [];
  const read = (dimension: Dimension): number => {
    const value = typeof dimension === "number" ? dimension : values[dimension[0]];
    if (value === undefined) throw invalid(manifest, `there is no dimension ${dimension}`);
    return value;
  };
  for (const { op, operands } of manifest.dimensions) {
    const [a = 0, b = 0] = op === "symbol" ? operands.map(Number) : operands.map(read);
    const value = op === "symbol" ? symbols[a] : apply(op, a, b);
    if (value === undefined || !(Math.abs(value) <= MAX_DIMENSION)) {
      throw invalid(manifest, `dimension ${values.length} is ${value}, the limit is ${MAX_DIMENSION}`);
    }
    values.push(value);
  }
  return read;
}

function apply(op: "add" | "mul" | "div" | "min" | "max", a: number, b: number): number {
  switch (op) {
    case "add":
      return a + b;
    case "mul":
      return a * b;
    case "div":
      return Math.floor(a / b);
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
  }
}

/**
 * The value of each symbol that makes the input ports have these shapes. attacker-controlled: the shapes are a
 * request's. Throws InferenceError input_invalid naming the port, the size and what it may be.
 */
export function bindSymbols(manifest: Manifest, shapes: readonly (readonly number[])[]): number[] {
  const bound: (number | undefined)[] = manifest.symbols.map(() => undefined);
  for (const [index, { name, tensor }] of manifest.inputs.entries()) {
    const want = manifest.tensors[tensor]!.shape;
    const given = shapes[index]!;
    const refuse = (reason: string): never => {
      throw new InferenceError(
        "input_invalid",
        `input ${name} has shape [${given.join(", ")}], ${manifest.name} takes ${describeShape(manifest, tensor)}: ${reason}`,
      );
    };
    if (given.length !== want.length) refuse(`${want.length} dimensions`);
    for (const [axis, dimension] of want.entries()) {
      const size = given[axis]!;
      if (typeof dimension === "number") {
        if (size !== dimension) refuse(`axis ${axis} is ${dimension}`);
        continue;
      }
      const { symbol, unit } = readUnit(manifest, dimension);
      const { min, max } = manifest.symbols[symbol]!;
      if (size % unit !== 0 || size < min * unit || size > max * unit) {
        refuse(
          `axis ${axis} is from ${min * unit} to ${max * unit}${unit === 1 ? "" : `, a multiple of ${unit}`}`,
        );
      }
      bound[symbol] ??= size / unit;
      if (bound[symbol] !== size / unit) refuse(`axis ${axis} differs from its equals`);
    }
  }
  return bound.map((value, symbol) => {
    if (value === undefined) throw invalid(manifest, `no input has symbol ${symbol} as a size`);
    return value;
  });
}

/** An input's dimension is a symbol, or a symbol times its unit. */
function readUnit(manifest: Manifest, [index]: readonly [number]): { symbol: number; unit: number } {
  const node = manifest.dimensions[index];
  if (node?.op === "symbol") return { symbol: Number(node.operands[0]), unit: 1 };
  const [a, unit] = node?.op === "mul" ? node.operands : [];
  const source = typeof a === "object" ? manifest.dimensions[a[0]] : undefined;
  if (source?.op === "symbol" && typeof unit === "number" && unit > 0) {
    return { symbol: Number(source.operands[0]), unit };
  }
  throw invalid(manifest, `dimension ${index} of an input is neither a symbol nor a multiple of one`);
}

/** For messages: a number, or the symbol's name with its unit. */
function describeShape(manifest: Manifest, tensor: number): string {
  const sizes = manifest.tensors[tensor]!.shape.map((dimension) => {
    if (typeof dimension === "number") return String(dimension);
    const { symbol, unit } = readUnit(manifest, dimension);
    return unit === 1 ? manifest.symbols[symbol]!.name : `${unit}·${manifest.symbols[symbol]!.name}`;
  });
  return `[${sizes.join(", ")}]`;
}

function invalid(manifest: Manifest, reason: string): InferenceError {
  return new InferenceError("manifest_invalid", `${manifest.name}: ${reason}`);
}
