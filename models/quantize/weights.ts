// Quantizes the weights of one layer: symmetric int8, one scale per output channel, bias in the accumulator's unit.
import { ModelError } from "../errors.ts";

export interface LayerWeights {
  /** (outputs, inputs) */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly outputs: number;
  readonly inputs: number;
}

export interface LayerInput {
  readonly scale: number;
  readonly zeroPoint: number;
  /** A real offset that the zero point cannot express: x = scale · (q − zeroPoint) + offset. 0 but for graph inputs. */
  readonly offset: number;
  /** Mean of the real input that meets weight `input` of `output`. */
  mean(output: number, input: number): number;
}

export interface QuantizedLayer {
  readonly weights: Int8Array;
  readonly bias: Int32Array;
  /** (outputs): what one unit of the accumulator is worth, divided by the output's scale. f32. */
  readonly scale: Float32Array;
}

/** With it the accumulator stays within i32 for every K that the engine takes (docs/kernels.md, "Exactness"). */
const MAX_BIAS = 2 ** 30;
/** What rounding the bias and taking the zero point out of it may add: 128 · 127 · 65,535 at most. */
const MAX_REAL_BIAS = 2 ** 29;

/** `outputScale` is 1 for a layer whose output is real. */
export function quantizeLayer(layer: LayerWeights, input: LayerInput, outputScale: number): QuantizedLayer {
  const { outputs, inputs } = layer;
  const weights = new Int8Array(outputs * inputs);
  const bias = new Int32Array(outputs);
  const scale = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const row = layer.weights.subarray(output * inputs, (output + 1) * inputs);
    const realBias = layer.bias[output]!;
    const step = weightScale(row, realBias, input.scale);
    let sum = 0;
    // What rounding the weights adds to the output on average, to be taken out with the bias.
    let drift = 0;
    let offset = 0;
    for (let i = 0; i < inputs; i++) {
      const q = Math.max(-127, Math.min(127, Math.round(row[i]! / step)));
      weights[output * inputs + i] = q;
      sum += q;
      drift += (q * step - row[i]!) * (input.mean(output, i) - input.offset);
      offset += row[i]! * input.offset;
    }
    const unit = input.scale * step;
    const corrected = Math.round((realBias + offset - drift) / unit) - input.zeroPoint * sum;
    if (Math.abs(corrected) > MAX_BIAS) {
      throw new ModelError(
        "weights_invalid",
        `the bias of output ${output} does not fit 32 bits in units of ${unit}`,
      );
    }
    bias[output] = corrected;
    scale[output] = unit / outputScale;
  }
  return { weights, bias, scale };
}

/** The largest weight becomes ±127, unless the bias needs a coarser unit; a row of zeros has any unit that fits. */
function weightScale(row: Float32Array, bias: number, inputScale: number): number {
  let largest = 0;
  for (const weight of row) largest = Math.max(largest, Math.abs(weight));
  const forBias = Math.abs(bias) / (inputScale * MAX_REAL_BIAS);
  return Math.max(largest / 127, forBias) || 1;
}
