// The layout of packed weights: where things are, for those who write them (models/pack.ts) and those who check them.
// docs/kernels.md draws it.
//
// qc8w panel (8 outputs, K inputs; outputs padded to 8 and K to 2 with zeros):
//   i32 bias[8] · f32 scale[8] · ceil(K / 2) groups of i8 weight[8 outputs][2 inputs]
// f32 panel (8 outputs, K inputs; outputs padded to 8 with zeros):
//   f32 bias[8] · K rows of f32 weight[8 outputs]
//
// A depthwise filter is packed like a GEMM: its channels are the outputs, its taps the inputs.

export type PackedFormat = "qc8w" | "f32";

/** Outputs (or channels) of one panel. */
export const PANEL_OUTPUTS = 8;
/** Bytes in front of the weights of a qc8w panel. */
export const QC8W_HEAD_BYTES = 64;
/** Where the scales stand in that head. */
export const QC8W_SCALE_BYTE = 32;

export function panelBytes(format: PackedFormat, inputs: number): number {
  return format === "qc8w" ? QC8W_HEAD_BYTES + 16 * Math.ceil(inputs / 2) : 32 * (inputs + 1);
}

export function packedBytes(format: PackedFormat, outputs: number, inputs: number): number {
  return Math.ceil(outputs / PANEL_OUTPUTS) * panelBytes(format, inputs);
}

/** Whether every f32 among packed weights satisfies `accept`: the scales of qc8w, everything of f32. */
export function everyReal(
  packed: DataView,
  format: PackedFormat,
  inputs: number,
  accept: (real: number) => boolean,
): boolean {
  const stride = panelBytes(format, inputs);
  const [first, last] = format === "qc8w" ? [QC8W_SCALE_BYTE, QC8W_HEAD_BYTES] : [0, stride];
  for (let panel = 0; panel < packed.byteLength; panel += stride) {
    for (let at = first; at < last; at += 4) if (!accept(packed.getFloat32(panel + at, true))) return false;
  }
  return true;
}
