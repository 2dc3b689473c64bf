// Weights in kernel layout, which wasm/packed.ts describes. Every byte order is little-endian.
import {
  locateQb4w,
  PANEL_OUTPUTS,
  packedBytes,
  panelBytes,
  QB4W_BLOCK_BYTES,
  QB4W_BLOCK_INPUTS,
  QB4W_HEAD_BYTES,
  QB4W_LARGEST,
  QB4W_ZERO_POINT_BYTE,
  QC8W_HEAD_BYTES,
  QC8W_SCALE_BYTE,
} from "../wasm/packed.ts";

export interface QuantizedWeights {
  readonly outputs: number;
  readonly inputs: number;
  /** (outputs, inputs); for a convolution the inputs run over (kernel row, kernel column, channel). */
  readonly weights: Int8Array;
  /** Already holds −inputZeroPoint · Σ weights of its row. */
  readonly bias: Int32Array;
  /** inputScale · weightScale / outputScale; for float outputs without outputScale. Finite. */
  readonly scale: Float32Array;
}

/** As QuantizedWeights, for rows that bring a scale of their own. */
export interface DynamicWeights {
  readonly outputs: number;
  readonly inputs: number;
  /** (outputs, inputs). */
  readonly weights: Int8Array;
  readonly bias: Float32Array;
  /** weightScale. Finite. */
  readonly scale: Float32Array;
}

export interface QuantizedFilters {
  readonly channels: number;
  /** Kernel height × kernel width. */
  readonly taps: number;
  /** (channels, taps), taps in (kernel row, kernel column) order. */
  readonly weights: Int8Array;
  readonly bias: Int32Array;
  readonly scale: Float32Array;
}

export interface FloatWeights {
  readonly outputs: number;
  readonly inputs: number;
  /** (outputs, inputs). */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export interface BlockWeights {
  readonly outputs: number;
  readonly inputs: number;
  /** (outputs, inputs), 0..15, one a byte. */
  readonly weights: Uint8Array;
  readonly bias: Float32Array;
  /** (outputs, ceil(inputs / 32)). Finite. */
  readonly scale: Float32Array;
  /** (outputs, ceil(inputs / 32)), 0..15; 8 where the source names none. */
  readonly zeroPoint: Uint8Array;
}

export interface FloatFilters {
  readonly channels: number;
  readonly taps: number;
  /** (channels, taps). */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** For qs8_qc8w_gemm, qs8_f32_qc8w_gemm and qs8_qc8w_conv. Throws a RangeError on wrong lengths or a bad scale. */
export function packGemm(source: QuantizedWeights): Uint8Array<ArrayBuffer> {
  return packInt8(source, (view, at, n) => view.setInt32(at, source.bias[n]!, true));
}

/** For qd8_f32_qc8w_gemm. Throws a RangeError on wrong lengths or a scale or bias that is not finite. */
export function packDynamicGemm(source: DynamicWeights): Uint8Array<ArrayBuffer> {
  return packInt8(source, (view, at, n) => {
    checkFinite("bias", source.bias, n);
    view.setFloat32(at, source.bias[n]!, true);
  });
}

/** Panels of qc8w or qd8w, which differ in the type of the bias. */
function packInt8(
  source: QuantizedWeights | DynamicWeights,
  writeBias: (view: DataView, at: number, output: number) => void,
): Uint8Array<ArrayBuffer> {
  const { outputs, inputs, weights, bias, scale } = source;
  checkLengths(outputs, inputs, weights.length, bias.length);
  if (scale.length !== outputs) throw new RangeError(`scale has ${scale.length} values, not ${outputs}`);
  const packed = new Uint8Array(packedBytes("qc8w", outputs, inputs));
  const view = new DataView(packed.buffer);
  for (let n = 0; n < outputs; n++) {
    const panel = Math.floor(n / PANEL_OUTPUTS) * panelBytes("qc8w", inputs);
    const lane = n % PANEL_OUTPUTS;
    // Policy: an infinite scale times a zero accumulator would be a NaN; it cannot be packed.
    checkFinite("scale", scale, n);
    writeBias(view, panel + 4 * lane, n);
    view.setFloat32(panel + QC8W_SCALE_BYTE + 4 * lane, scale[n]!, true);
    for (let k = 0; k < inputs; k++) {
      view.setInt8(panel + QC8W_HEAD_BYTES + 16 * (k >> 1) + 2 * lane + (k & 1), weights[n * inputs + k]!);
    }
  }
  return packed;
}

/** For qs8_qc8w_dwconv. Throws a RangeError on wrong lengths or a bad scale. */
export function packDwconv(source: QuantizedFilters): Uint8Array<ArrayBuffer> {
  const { channels, taps, weights, bias, scale } = source;
  return packGemm({ outputs: channels, inputs: taps, weights, bias, scale });
}

/** For f32_gemm and f32_conv. Throws a RangeError on wrong lengths. */
export function packF32Gemm(source: FloatWeights): Uint8Array<ArrayBuffer> {
  const { outputs, inputs, weights, bias } = source;
  checkLengths(outputs, inputs, weights.length, bias.length);
  const packed = new Uint8Array(packedBytes("f32", outputs, inputs));
  const view = new DataView(packed.buffer);
  for (let n = 0; n < outputs; n++) {
    const at = Math.floor(n / PANEL_OUTPUTS) * panelBytes("f32", inputs) + 4 * (n % PANEL_OUTPUTS);
    view.setFloat32(at, bias[n]!, true);
    for (let k = 0; k < inputs; k++) {
      view.setFloat32(at + 32 * (k + 1), weights[n * inputs + k]!, true);
    }
  }
  return packed;
}

/** For f32_qb4w_gemm. Throws a RangeError on wrong lengths, a value above 15, or a scale or bias that is not finite. */
export function packBlockGemm(source: BlockWeights): Uint8Array<ArrayBuffer> {
  const { outputs, inputs, weights, bias, scale, zeroPoint } = source;
  checkLengths(outputs, inputs, weights.length, bias.length);
  const blocks = Math.ceil(inputs / QB4W_BLOCK_INPUTS);
  if (scale.length !== outputs * blocks || zeroPoint.length !== outputs * blocks) {
    throw new RangeError(
      `scale has ${scale.length} and zeroPoint ${zeroPoint.length} values, not ${outputs} × ${blocks}`,
    );
  }
  const packed = new Uint8Array(packedBytes("qb4w", outputs, inputs));
  const view = new DataView(packed.buffer);
  for (let n = 0; n < outputs; n++) {
    const panel = Math.floor(n / PANEL_OUTPUTS) * panelBytes("qb4w", inputs);
    const lane = n % PANEL_OUTPUTS;
    checkFinite("bias", bias, n);
    view.setFloat32(panel + 4 * lane, bias[n]!, true);
    for (let block = 0; block < blocks; block++) {
      const at = panel + QB4W_HEAD_BYTES + QB4W_BLOCK_BYTES * block;
      checkFinite("scale", scale, n * blocks + block);
      view.setFloat32(at + 4 * lane, scale[n * blocks + block]!, true);
      packed[at + QB4W_ZERO_POINT_BYTE + lane] = checkNibble("zeroPoint", zeroPoint, n * blocks + block);
    }
    for (let k = 0; k < inputs; k++) {
      const { byte, shift } = locateQb4w(k, lane);
      packed[panel + byte]! |= checkNibble("weights", weights, n * inputs + k) << shift;
    }
  }
  return packed;
}

/** For f32_dwconv. Throws a RangeError on wrong lengths. */
export function packF32Dwconv(source: FloatFilters): Uint8Array<ArrayBuffer> {
  const { channels, taps, weights, bias } = source;
  return packF32Gemm({ outputs: channels, inputs: taps, weights, bias });
}

function checkLengths(outputs: number, inputs: number, weights: number, bias: number): void {
  if (weights !== outputs * inputs) {
    throw new RangeError(`weights has ${weights} values, not ${outputs} × ${inputs}`);
  }
  if (bias !== outputs) throw new RangeError(`bias has ${bias} values, not ${outputs}`);
}

function checkFinite(name: string, values: Float32Array, index: number): void {
  if (!Number.isFinite(values[index]))
    throw new RangeError(`${name}[${index}] must be finite, got ${values[index]}`);
}

function checkNibble(name: string, values: Uint8Array, index: number): number {
  const value = values[index]!;
  if (value > QB4W_LARGEST)
    throw new RangeError(`${name}[${index}] must be at most ${QB4W_LARGEST}, got ${value}`);
  return value;
}
