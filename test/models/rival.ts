// One ONNX file computed by the engine's scalar and SIMD kernels and by onnxruntime-web: the first two give the same
// bytes, the third is near.
import assert from "node:assert/strict";
import { test } from "node:test";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { createRunner } from "../../engine/index.ts";
import { fuseGraph } from "../../models/fuse/fuse.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { lowerGraph } from "../../models/lower/lower.ts";
import { ANONYMOUS, emitProgram } from "../../models/manifest.ts";
import type { Program } from "../../models/program.ts";
import { createFolding } from "../../models/run.ts";
import { createRandom } from "../kernels/random.ts";
import {
  type AttributeSpec,
  encodeModel,
  FLOAT,
  f32,
  INT32,
  INT64,
  type ModelSpec,
  type TensorSpec,
} from "./import/encode-onnx.ts";

env.wasm.numThreads = 1;
env.logLevel = "error";

const kernels = await readKernels();

/** An input of the model: reals between −1 and 1 where no values are given. */
export interface RivalInput {
  readonly name: string;
  readonly type?: typeof FLOAT | typeof INT32 | typeof INT64;
  readonly shape: readonly number[];
  /** Names in the place of sizes that the model leaves to the request. */
  readonly declared?: readonly (number | string)[];
  readonly values?: readonly number[];
}

/** Of one rounding in each of a few hundred sums of numbers up to 1. */
const TOLERANCE = 2e-5;

const random = createRandom(77);
const countOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const randomReals = (shape: readonly number[]) => random.float32(countOf(shape), -1, 1);

/** A tensor of random reals between −1 and 1. */
export const weights = (name: string, ...dims: number[]): TensorSpec =>
  f32(name, dims, [...randomReals(dims)]);

export const MICROSOFT = "com.microsoft";

/** One node; its reals are those attributes that REALS names. */
export interface RivalCase {
  readonly title: string;
  readonly domain?: string;
  readonly op: string;
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>>;
  /** In the order of the node's; "" is an absent one. */
  readonly inputs: readonly (RivalInput | TensorSpec | "")[];
  /** How many, or the names, of which "" is an absent one. */
  readonly outputs?: number | readonly string[];
}

const REALS = new Set(
  "scale softcap mask_filter_value alpha beta epsilon activation_alpha activation_beta lambd bias".split(" "),
);

function attributeOf(name: string, value: number | string | readonly number[]): AttributeSpec {
  if (typeof value === "string") return { text: value };
  if (typeof value !== "number") return name === "activation_params" ? { floats: value } : { ints: value };
  return REALS.has(name) ? { float: value } : { int: value };
}

export function testRival({ title, domain = "", op, attributes = {}, inputs, outputs = 1 }: RivalCase): void {
  test(`${title}: the engine computes what onnxruntime-web does`, async () => {
    const names =
      typeof outputs === "number" ? Array.from({ length: outputs }, (_, index) => `y${index}`) : outputs;
    const specs = Object.entries(attributes).map(([name, each]) => [name, attributeOf(name, each)] as const);
    const given = inputs.filter((each) => each !== "");
    const node = {
      op,
      domain,
      inputs: inputs.map((each) => (each === "" ? "" : each.name!)),
      outputs: names,
      attributes: Object.fromEntries(specs),
    };
    const initializers = given.filter((each) => "dims" in each);
    await assertRival(
      {
        opset: 23,
        domains: { [MICROSOFT]: 1 },
        nodes: [node],
        outputs: names.filter((name) => name !== ""),
        initializers,
      },
      given.filter((each) => "shape" in each),
    );
  });
}

/**
 * The program that the file became. Throws AssertionError where an output differs in shape, type or by more than
 * rounding.
 */
export async function assertRival(
  spec: Omit<ModelSpec, "inputs">,
  inputs: readonly RivalInput[],
): Promise<Program> {
  const bytes = encodeModel({
    ...spec,
    inputs: inputs.map(({ name, type = FLOAT, shape, declared = shape }) => ({
      name,
      type,
      shape: declared,
    })),
  });
  const tensors = inputs.map((input) => [input.name, createTensor(input)] as const);
  const session = await InferenceSession.create(bytes);
  const expected = await session.run(Object.fromEntries(tensors));
  const program = lowerGraph(fuseGraph(readOnnx(bytes)), {
    dimensions: Object.fromEntries(
      inputs
        .flatMap(({ declared = [] }) => declared.filter((size) => typeof size === "string"))
        .map((name) => [name, { min: 1, max: 9, multiple: 1 }]),
    ),
    bytes: {},
    evaluate: createFolding(kernels),
  });
  const [scalar, simd] = (["scalar", "simd128"] as const).map((isa) => run(program, tensors, isa));
  assert.deepEqual(simd, scalar);
  for (const [index, name] of (spec.outputs ?? []).entries()) {
    const want = expected[name]!;
    const { shape, data } = simd![index]!;
    assert.deepEqual(shape, want.dims, name);
    if (want.type !== "float32") {
      assert.deepEqual(data, bytesOf(want.data as BigInt64Array), name);
      continue;
    }
    const reals = new Float32Array(data.buffer);
    for (const [at, value] of (want.data as Float32Array).entries()) {
      const near = Object.is(reals[at], value) || Math.abs(reals[at]! - value) <= TOLERANCE;
      assert.ok(near, `${name}[${at}] is ${reals[at]}, want ${value}`);
    }
  }
  await session.release();
  return program;
}

function createTensor({ type = FLOAT, shape, values }: RivalInput): Tensor {
  switch (type) {
    case INT32:
      return new Tensor("int32", Int32Array.from(values ?? []), shape);
    case INT64:
      return new Tensor("int64", BigInt64Array.from(values ?? [], BigInt), shape);
    default:
      return new Tensor("float32", Float32Array.from(values ?? randomReals(shape)), shape);
  }
}

function bytesOf(data: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice();
}

function run(program: Program, inputs: readonly (readonly [string, Tensor])[], isa: "scalar" | "simd128") {
  const runner = createRunner(kernels, isa, emitProgram(program, ANONYMOUS));
  const { manifest } = runner;
  runner.run(
    manifest.inputs.map(({ name }) => {
      const [, { dims, data }] = inputs.find(([input]) => input === name)!;
      return { shape: dims, data: bytesOf(data as Float32Array) };
    }),
  );
  return manifest.outputs.map(({ tensor }) => ({
    shape: runner.shape(tensor),
    data: runner.tensor(tensor).slice(),
  }));
}
