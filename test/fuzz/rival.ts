// What onnxruntime-web computes, without its optimizations: they round elsewhere, and are not what is looked for.
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { createConstant } from "../../models/constant.ts";
import type { Constant, DataType } from "../../models/graph.ts";

env.wasm.numThreads = 1;
env.logLevel = "fatal";

const TYPES = {
  f32: "float32",
  f64: "float64",
  i8: "int8",
  u8: "uint8",
  i32: "int32",
  i64: "int64",
  bool: "bool",
} as const;
const DATA_TYPES = Object.fromEntries(Object.entries(TYPES).map(([data, type]) => [type, data])) as Record<
  string,
  DataType
>;

export type RivalResult =
  | { readonly outputs: readonly (readonly Constant[])[] }
  | { readonly refused: string };

/** Outputs for each set of inputs; a file or a node that the peer cannot take is data, not an error. */
export async function runRival(
  bytes: Uint8Array,
  outputs: readonly string[],
  feeds: readonly ReadonlyMap<string, Constant>[],
): Promise<RivalResult> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(bytes, {
      graphOptimizationLevel: "disabled",
      logSeverityLevel: 4,
    });
  } catch (error) {
    return { refused: messageOf(error) };
  }
  try {
    const results: Constant[][] = [];
    for (const feed of feeds) {
      const tensors = [...feed].filter(([name]) => session.inputNames.includes(name)).map(tensorOf);
      const found = await session.run(Object.fromEntries(tensors));
      results.push(outputs.map((name) => constantOf(found[name]!)));
    }
    return { outputs: results };
  } catch (error) {
    return { refused: messageOf(error) };
  } finally {
    await session.release();
  }
}

function tensorOf([name, { dtype, shape, data }]: [string, Constant]): [string, Tensor] {
  return [name, new Tensor(TYPES[dtype], data as never, shape)];
}

function constantOf({ type, dims, data }: Tensor): Constant {
  const constant = createConstant(DATA_TYPES[type]!, dims);
  (constant.data as Float32Array).set(data as Float32Array);
  return constant;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
