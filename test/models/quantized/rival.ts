// Runs one ONNX model by our compiler and engine and by onnxruntime-web, whose default session options fuse what they
// can into integers: outputs have to be the same bytes, on scalar and on SIMD kernels.
import assert from "node:assert/strict";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { readKernels } from "../../../cli/artifacts/artifacts.ts";
import { createRunner } from "../../../engine/index.ts";
import { fuseGraph } from "../../../models/fuse/fuse.ts";
import { readOnnx } from "../../../models/import/onnx.ts";
import { lowerGraph } from "../../../models/lower/lower.ts";
import { ANONYMOUS, emitProgram } from "../../../models/manifest.ts";
import type { Program } from "../../../models/program.ts";
import { createFolding } from "../../../models/run.ts";
import { createRandom } from "../../kernels/random.ts";
import {
  encodeModel,
  FLOAT,
  type InputSpec,
  type ModelSpec,
  type TensorSpec,
} from "../import/encode-onnx.ts";

env.wasm.numThreads = 1;
env.logLevel = "error";

const kernels = await readKernels();
const random = createRandom(4096);

export const UINT8 = 2;
export const INT8 = 3;
export const INT32 = 6;
export type Type = typeof FLOAT | typeof UINT8 | typeof INT8 | typeof INT32;
type Data = Float32Array | Uint8Array | Int8Array | Int32Array;

const ARRAYS = {
  [FLOAT]: Float32Array,
  [UINT8]: Uint8Array,
  [INT8]: Int8Array,
  [INT32]: Int32Array,
} as const;
const NAMES = { [FLOAT]: "float32", [UINT8]: "uint8", [INT8]: "int8", [INT32]: "int32" } as const;

export const lowest = (type: Type): number => (type === UINT8 ? 0 : -128);

export function tensor(
  name: string,
  type: Type,
  dims: readonly number[],
  values: ArrayLike<number>,
): TensorSpec {
  return { name, type, dims, raw: new Uint8Array(ARRAYS[type].from(values).buffer) };
}

export const byte = (type: Type): number => random.integer(lowest(type), lowest(type) + 255);
/** Scales whose ratios make many ties, exact ones and ones that rounding decides. */
const SCALES = [0.1, 0.2, 0.3, 0.7, 0.05, 0.15, 0.025, 0.6, 0.35, 0.5, 0.25];
export const scale = (): number => SCALES[random.integer(0, SCALES.length - 1)]!;

/** Every byte, reals between −4 and 4, or sums. */
export function draw(type: Type, dims: readonly number[]): Data {
  const count = dims.reduce((product, size) => product * size, 1);
  if (type === FLOAT) return random.float32(count, -4, 4);
  if (type === INT32) return Int32Array.from({ length: count }, () => random.integer(-10_000, 10_000));
  return type === UINT8 ? random.uint8(count) : random.int8(count);
}

export const drawn = (name: string, type: Type, ...dims: number[]): TensorSpec =>
  tensor(name, type, dims, draw(type, dims));

export interface TypedInput extends InputSpec {
  readonly type: Type;
  readonly shape: readonly number[];
}

export interface RivalModel extends ModelSpec {
  readonly inputs: readonly TypedInput[];
  readonly outputs: readonly string[];
}

export function lower(model: ModelSpec): Program {
  return lowerGraph(fuseGraph(readOnnx(encodeModel(model))), {
    dimensions: {},
    bytes: {},
    evaluate: createFolding(kernels),
  });
}

export interface Output {
  readonly name: string;
  readonly isa: "scalar" | "simd128";
  readonly wanted: Data;
  readonly found: Data;
}

/** By both, with the operations of the engine that the model became. */
export async function runBoth(
  given: RivalModel,
  feeds: Readonly<Record<string, Data>> = {},
): Promise<{ kinds: Set<string>; outputs: Output[] }> {
  const model = { opset: 18, domains: { "com.microsoft": 1 }, ...given };
  const inputs = new Map(
    given.inputs.map(({ name, type, shape }) => [
      name,
      { type, shape, data: feeds[name] ?? draw(type, shape) },
    ]),
  );
  const session = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 3 });
  const fed = [...inputs].map(([name, { type, shape, data }]) => [
    name,
    new Tensor(NAMES[type], data, shape),
  ]);
  const expected = await session.run(Object.fromEntries(fed));
  await session.release();
  const program = lower(model);
  const outputs = (["scalar", "simd128"] as const).flatMap((isa) => {
    const runner = createRunner(kernels, isa, emitProgram(program, ANONYMOUS));
    runner.run(
      runner.manifest.inputs.map(({ name }) => {
        const { shape, data } = inputs.get(name)!;
        return { shape, data: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength) };
      }),
    );
    return runner.manifest.outputs.map(({ name, tensor: index }): Output => {
      const { dims, data } = expected[name] as unknown as { dims: number[]; data: Data };
      assert.deepEqual(runner.shape(index), dims);
      const bytes = runner.tensor(index).slice();
      const found = new (data.constructor as new (buffer: ArrayBuffer) => Data)(bytes.buffer);
      return { name, isa, wanted: data, found };
    });
  });
  return { kinds: new Set(program.ops.map(({ kind }) => kind)), outputs };
}

/** Returns the operations of the engine that the model became. */
export async function assertSameBytes(
  model: RivalModel,
  feeds: Readonly<Record<string, Data>> = {},
): Promise<Set<string>> {
  const { kinds, outputs } = await runBoth(model, feeds);
  for (const { name, isa, wanted, found } of outputs) {
    const bytes = (data: Data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (bytes(found).equals(bytes(wanted))) continue;
    assert.deepEqual(found, wanted, `${name} on ${isa}`);
    assert.fail(`bits of ${name} on ${isa}`);
  }
  return kinds;
}
