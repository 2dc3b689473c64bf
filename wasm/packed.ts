// The layout of packed weights: where things are, for those who write them (models/pack.ts) and those who check them.
// docs/kernels.md draws it.
//
// qc8w panel (8 outputs, K inputs; outputs padded to 8 and K to 2 with zeros):
//   i32 bias[8] · f32 scale[8] · ceil(K / 2) groups of i8 weight[8 outputs][2 inputs]
// qd8w panel: the same, with f32 bias[8] — for activations that are quantized as they come
// f32 panel (8 outputs, K inputs; outputs padded to 8 with zeros):
//   f32 bias[8] · K rows of f32 weight[8 outputs]
// qb4w panel (8 outputs, K inputs in blocks of 32; outputs padded to 8 and K to 32 with zeros):
//   f32 bias[8] · ceil(K / 32) blocks of
//     f32 scale[8] · u8 zeroPoint[8] (0..15) · 8 groups of 4 inputs × 8 outputs, 16 bytes:
//       byte 8 · (i & 1) + output holds input i of the group, for i < 2 in its low half, else in its high half
//
// A depthwise filter is packed like a GEMM: its channels are the outputs, its taps the inputs.

export type PackedFormat = "qc8w" | "qd8w" | "qb4w" | "f32";

/** Outputs (or channels) of one panel. */
export const PANEL_OUTPUTS = 8;
/** Bytes in front of the weights of a qc8w or qd8w panel. */
export const QC8W_HEAD_BYTES = 64;
/** Where the scales stand in that head. */
export const QC8W_SCALE_BYTE = 32;

/** Inputs of a qb4w block, which share a scale and a zero point. */
export const QB4W_BLOCK_INPUTS = 32;
/** Bytes in front of the blocks of a qb4w panel. */
export const QB4W_HEAD_BYTES = 32;
export const QB4W_BLOCK_BYTES = 168;
/** Where the zero points and the weights stand in a block. */
export const QB4W_ZERO_POINT_BYTE = 32;
const QB4W_WEIGHT_BYTE = 40;
/** The largest weight and zero point. */
export const QB4W_LARGEST = 15;

export function panelBytes(format: PackedFormat, inputs: number): number {
  switch (format) {
    case "f32":
      return 32 * (inputs + 1);
    case "qb4w":
      return QB4W_HEAD_BYTES + QB4W_BLOCK_BYTES * Math.ceil(inputs / QB4W_BLOCK_INPUTS);
    default:
      return QC8W_HEAD_BYTES + 16 * Math.ceil(inputs / 2);
  }
}

/** Where input `k` of lane `lane` stands in a qb4w panel: its byte, and how far up in it. */
export function locateQb4w(k: number, lane: number): { readonly byte: number; readonly shift: 0 | 4 } {
  const block = QB4W_HEAD_BYTES + QB4W_BLOCK_BYTES * Math.floor(k / QB4W_BLOCK_INPUTS);
  const group = 16 * Math.floor((k % QB4W_BLOCK_INPUTS) / 4);
  return { byte: block + QB4W_WEIGHT_BYTE + group + 8 * (k & 1) + lane, shift: (k & 2) === 0 ? 0 : 4 };
}

export function packedBytes(format: PackedFormat, outputs: number, inputs: number): number {
  return Math.ceil(outputs / PANEL_OUTPUTS) * panelBytes(format, inputs);
}

/**
 * What no packer writes, in words; null where all is well. attacker-controlled: the digest of a chunk says that it is
 * the publisher's, not that the publisher means well. Scales of qc8w, scales and biases of qd8w, weights and biases of
 * qb4w and everything of f32 must be finite and at most `largest`; what pads K must be 0.
 */
export function findFlaw(
  packed: DataView,
  format: PackedFormat,
  inputs: number,
  largest: number,
): string | null {
  const stride = panelBytes(format, inputs);
  const ranges = realRanges(format, inputs);
  for (let panel = 0; panel < packed.byteLength; panel += stride) {
    for (const { first, last, factor } of ranges) {
      for (let at = panel + first; at < panel + last; at += 4) {
        if (!(Math.abs(packed.getFloat32(at, true)) * factor <= largest)) {
          return `a scale or weight that is not a number up to ${largest}`;
        }
      }
    }
    if (format === "qb4w" && !hasSmallZeroPoints(packed, panel, inputs)) return "a zero point above 15";
    if (!hasZeroPadding(packed, panel, format, inputs)) return "padding that is not zero";
  }
  return null;
}

/** The bytes of a panel that are f32, and by what the largest of them is multiplied to make a weight. */
function realRanges(
  format: PackedFormat,
  inputs: number,
): { readonly first: number; readonly last: number; readonly factor: number }[] {
  switch (format) {
    case "qc8w":
      return [{ first: QC8W_SCALE_BYTE, last: QC8W_HEAD_BYTES, factor: 1 }];
    case "qd8w":
      return [{ first: 0, last: QC8W_HEAD_BYTES, factor: 1 }];
    case "f32":
      return [{ first: 0, last: panelBytes(format, inputs), factor: 1 }];
    case "qb4w": {
      const ranges = [{ first: 0, last: QB4W_HEAD_BYTES, factor: 1 }];
      const end = panelBytes(format, inputs);
      for (let first = QB4W_HEAD_BYTES; first < end; first += QB4W_BLOCK_BYTES) {
        ranges.push({ first, last: first + QB4W_ZERO_POINT_BYTE, factor: QB4W_LARGEST });
      }
      return ranges;
    }
  }
}

function hasSmallZeroPoints(packed: DataView, panel: number, inputs: number): boolean {
  const end = panel + panelBytes("qb4w", inputs);
  for (let block = panel + QB4W_HEAD_BYTES; block < end; block += QB4W_BLOCK_BYTES) {
    for (let at = block + QB4W_ZERO_POINT_BYTE; at < block + QB4W_WEIGHT_BYTE; at++) {
      if (packed.getUint8(at) > QB4W_LARGEST) return false;
    }
  }
  return true;
}

/** The inputs behind the last one, for each of the 8 outputs of a panel. */
function hasZeroPadding(packed: DataView, panel: number, format: PackedFormat, inputs: number): boolean {
  if (format === "f32") return true;
  if (format === "qb4w") {
    for (let k = inputs; k % QB4W_BLOCK_INPUTS !== 0; k++) {
      for (let lane = 0; lane < PANEL_OUTPUTS; lane++) {
        const { byte, shift } = locateQb4w(k, lane);
        if (((packed.getUint8(panel + byte) >> shift) & 15) !== 0) return false;
      }
    }
    return true;
  }
  if (inputs % 2 === 0) return true;
  const end = panel + panelBytes(format, inputs);
  for (let at = end - 15; at < end; at += 2) if (packed.getInt8(at) !== 0) return false;
  return true;
}
