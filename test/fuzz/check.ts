// Everything that has to hold for one case. A refusal by code is an outcome, anything else that goes wrong a failure.
import { ModelError } from "../../models/errors.ts";
import type { Constant } from "../../models/graph.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { type Bytes, equalBytes } from "../../protocol/bytes.ts";
import { encodeModel } from "../models/import/encode-onnx.ts";
import type { FuzzCase } from "./generate.ts";
import { runRival } from "./rival.ts";
import { compileGraph, type Quantization, Runner } from "./run.ts";
import type { FuzzValue } from "./value.ts";

export type Outcome =
  /** `peer`: null where it computed the same, else why it did not take the case. */
  | { readonly kind: "passed"; readonly peer: string | null; readonly isQuantized: boolean }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string; readonly step: string };

class Failure extends Error {
  readonly step: string;
  constructor(step: string, reason: string) {
    super(reason);
    this.step = step;
  }
}

export async function checkCase(kernels: WebAssembly.Module, given: FuzzCase): Promise<Outcome> {
  const bytes = encodeModel(given.model);
  try {
    const actual = await checkRuns(kernels, bytes, "none", given);
    const rival = await runRival(bytes, given.model.outputs, given.feeds);
    if ("outputs" in rival) compareAll(given, actual, rival.outputs);
    const ops = given.model.nodes!.map(({ op }) => op);
    const isQuantized = ops.some((op) => PRODUCTS.has(op));
    if (isQuantized) {
      await checkRuns(kernels, bytes, "static", given);
      await checkRuns(kernels, bytes, "dynamic", given);
    }
    return { kind: "passed", peer: "refused" in rival ? rival.refused : null, isQuantized };
  } catch (error) {
    if (error instanceof ModelError && ["op_unsupported", "model_too_large"].includes(error.code))
      return { kind: "refused", reason: error.message };
    if (error instanceof Failure) return { kind: "failed", reason: error.message, step: error.step };
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "failed", reason, step: "crash" };
  }
}

/** What there is to quantize in. */
const PRODUCTS: ReadonlySet<string> = new Set([
  ...["Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "Einsum"],
]);

/** Scalar and SIMD, first sizes, second sizes, first sizes again. The outputs at both. */
async function checkRuns(
  kernels: WebAssembly.Module,
  bytes: Uint8Array,
  quantization: Quantization,
  { feeds, symbols, model }: FuzzCase,
): Promise<Constant[][]> {
  const artifact = await compileGraph(kernels, readOnnx(bytes), quantization, symbols, feeds);
  const scalar = new Runner(kernels, "scalar", artifact);
  const simd = new Runner(kernels, "simd128", artifact);
  const before: Bytes[][] = [];
  const results: Constant[][] = [];
  for (const [turn, binding] of ([0, 1, 0] as const).entries()) {
    const expected = scalar.run(feeds[binding], 0x5a + turn);
    same(`${quantization}: siblings`, model.outputs, simd.run(feeds[binding], 0xff - turn), expected);
    if (turn === 2) same(`${quantization}: repetition`, model.outputs, expected, before[0]!);
    before.push(expected);
    results.push(scalar.read(expected));
  }
  return results;
}

function same(
  step: string,
  names: readonly string[],
  actual: readonly Bytes[],
  expected: readonly Bytes[],
): void {
  for (const [index, bytes] of expected.entries()) {
    const other = actual[index]!;
    if (equalBytes(other, bytes)) continue;
    const at = bytes.findIndex((byte, offset) => byte !== other[offset]);
    throw new Failure(step, `${names[index]}: byte ${at} of ${bytes.length} differs`);
  }
}

function compareAll(
  { model, values }: FuzzCase,
  actual: readonly (readonly Constant[])[],
  expected: readonly (readonly Constant[])[],
): void {
  for (const binding of [0, 1] as const)
    for (const [index, name] of model.outputs.entries())
      compare(values.get(name)!, binding, actual[binding]![index]!, expected[binding]![index]!);
}

/** Integers, truth values and dyadic numbers exactly; the rest within what the value's error allows. */
function compare(value: FuzzValue, binding: 0 | 1, actual: Constant, expected: Constant): void {
  const { name, shapes, grain, error } = value;
  const title = `${name} at binding ${binding}`;
  if (expected.shape.join() !== shapes[binding].join())
    throw new Failure(
      "generator",
      `${title} is [${expected.shape}] to the peer, [${shapes[binding]}] was meant`,
    );
  if (actual.dtype !== value.dtype) throw new Failure("types", `${title} is ${actual.dtype}`);
  if (actual.shape.join() !== expected.shape.join())
    throw new Failure("shapes", `${title} is [${actual.shape}], want [${expected.shape}]`);
  for (let at = 0; at < expected.data.length; at++) {
    const [found, want] = [Number(actual.data[at]), Number(expected.data[at])];
    if (found === want) continue;
    if (grain === null && Math.abs(found - want) <= error) continue;
    const allowed = grain === null ? `±${error.toPrecision(3)}` : "exactly";
    throw new Failure("peer", `${title}[${at}] is ${found}, the peer has ${want} (${allowed})`);
  }
}
