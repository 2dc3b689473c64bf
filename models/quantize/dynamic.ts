// Products of f32 rows with int8 weights: each row is quantized as it comes. No calibration, one scale a row and one an
// output; for transformers, whose activations differ from token to token.
import { GEMM_FORMAT } from "../../wasm/operators.ts";
import type { Layer } from "../layer.ts";
import type { Program, ProgramOp } from "../program.ts";

/** Fewer inputs than this are not worth quantizing a row for. */
const MIN_INPUTS = 16;

/** `keep`: operations that stay in f32, by the tensor that they write. */
export function quantizeDynamic(program: Program, keep: ReadonlySet<number>): Program {
  const ops = program.ops.map((op): ProgramOp => {
    if (op.kind !== "gemm" || op.attributes.weights.format !== "f32" || keep.has(op.outputs[0]!)) return op;
    if (op.attributes.weights.inputs < MIN_INPUTS) return op;
    return {
      ...op,
      attributes: {
        ...op.attributes,
        format: GEMM_FORMAT.indexOf("qd8w"),
        weights: quantizeRows(op.attributes.weights),
      },
    };
  });
  return { ...program, ops };
}

/** Symmetric int8, one scale an output: the largest weight becomes ±127. */
function quantizeRows({ outputs, inputs, weights, bias }: Extract<Layer, { format: "f32" }>): Layer {
  const quantized = new Int8Array(outputs * inputs);
  const scale = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const row = weights.subarray(output * inputs, (output + 1) * inputs);
    let largest = 0;
    for (const weight of row) largest = Math.max(largest, Math.abs(weight));
    const step = largest / 127 || 1;
    scale[output] = step;
    for (let i = 0; i < inputs; i++)
      quantized[output * inputs + i] = Math.max(-127, Math.min(127, Math.round(row[i]! / step)));
  }
  return { format: "qd8w", outputs, inputs, weights: quantized, bias, scale };
}
