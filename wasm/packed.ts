// The layout of packed weights: where things are, for those who write them (models/pack.ts) and those who check them.
// docs/kernels.md draws it.
//
// qc8w panel (8 outputs, K inputs; outputs padded to 8 and K to 2 with zeros):
//   i32 bias[8] · f32 scale[8] · ceil(K / 2) groups of i8 weight[8 outputs][2 inputs]
// qd8w panel: the same, with f32 bias[8] — for activations that are quantized as they come
// f32 panel (8 outputs, K inputs; outputs padded to 8 with zeros):
//   f32 bias[8] · K rows of f32 weight[8 outputs]
//
// A depthwise filter is packed like a GEMM: its channels are the outputs, its taps the inputs.

export type PackedFormat = "qc8w" | "qd8w" | "f32";

/** Outputs (or channels) of one panel. */
export const PANEL_OUTPUTS = 8;
/** Bytes in front of the weights of a qc8w or qd8w panel. */
export const QC8W_HEAD_BYTES = 64;
/** Where the scales stand in that head. */
export const QC8W_SCALE_BYTE = 32;

export function panelBytes(format: PackedFormat, inputs: number): number {
  return format === "f32" ? 32 * (inputs + 1) : QC8W_HEAD_BYTES + 16 * Math.ceil(inputs / 2);
}

export function packedBytes(format: PackedFormat, outputs: number, inputs: number): number {
  return Math.ceil(outputs / PANEL_OUTPUTS) * panelBytes(format, inputs);
}

/**
 * What no packer writes, in words; null where all is well. attacker-controlled: the digest of a chunk says that it is
 * the publisher's, not that the publisher means well. Scales of qc8w, scales and biases of qd8w and everything of f32 must be
 * finite and at most `largest`; what pads an odd K must be 0.
 */
export function findFlaw(
  packed: DataView,
  format: PackedFormat,
  inputs: number,
  largest: number,
): string | null {
  if (!everyReal(packed, format, inputs, (real) => Math.abs(real) <= largest)) {
    return `a scale or weight that is not a number up to ${largest}`;
  }
  if (format !== "f32" && !hasZeroPadding(packed, inputs)) return "padding that is not zero";
  return null;
}

/** The second input of the last pair of an odd number of inputs, for each of the 8 outputs of each panel. */
function hasZeroPadding(packed: DataView, inputs: number): boolean {
  if (inputs % 2 === 0) return true;
  const stride = panelBytes("qc8w", inputs);
  for (let end = stride; end <= packed.byteLength; end += stride) {
    for (let at = end - 15; at < end; at += 2) if (packed.getInt8(at) !== 0) return false;
  }
  return true;
}

function everyReal(
  packed: DataView,
  format: PackedFormat,
  inputs: number,
  accept: (real: number) => boolean,
): boolean {
  const stride = panelBytes(format, inputs);
  const first = format === "qc8w" ? QC8W_SCALE_BYTE : 0;
  const last = format === "f32" ? stride : QC8W_HEAD_BYTES;
  for (let panel = 0; panel < packed.byteLength; panel += stride) {
    for (let at = first; at < last; at += 4) if (!accept(packed.getFloat32(panel + at, true))) return false;
  }
  return true;
}
