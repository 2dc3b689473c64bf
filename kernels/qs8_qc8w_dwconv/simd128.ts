// qs8_qc8w_dwconv in SIMD, eight channels at a time.
//
// 1. The weights are widened to i16 once a call. A group of 8 channels has bias and scale (64 bytes), then pairs of
//    taps: lines.ts pairs them along a line, kernel3x3.ts in its own way.
// 2. The input rows under the kernel are kept in a ring of kernelHeight rows, widened to i16, with the padding
//    written out as inputZeroPoint, so the loops below know no edges. Each input row enters the ring once.
// 3. For a pair of taps two inputs are interleaved by channel; one i32x4.dot_i16x8_s then does 4 channels.
// 4. The last group ends at the last channel and so may compute some channels of the one before it again. Fewer than
//    8 channels go through the scalar sibling.
import { OUTPUT_CONSTANTS_BYTES, writeQuantizedOutput } from "../round128";
import { enterRow3x3, GROUP_BYTES_3X3, row3x3, rowBytes3x3, widenWeights3x3 } from "./kernel3x3";
import { Layout, LAYOUT_BYTES, ringRow } from "./layout";
import { enterLine, lineGroupBytes, rowOfLines, widenLines } from "./lines";
import { DwconvParams } from "./params";
import { qs8_qc8w_dwconv_4x8c2__scalar } from "./scalar";

export function qs8_qc8w_dwconv_4x8c2__simd128(p: DwconvParams): void {
  if (p.channels < 8) qs8_qc8w_dwconv_4x8c2__scalar(p);
  else groupsOf8(p);
}

function groupsOf8(p: DwconvParams): void {
  const groups = (p.channels + 7) >> 3;
  const constants = p.scratch;
  writeQuantizedOutput(constants, p.outputZeroPoint, p.outputMin, p.outputMax);
  const layout = changetype<Layout>(constants + OUTPUT_CONSTANTS_BYTES);
  const square = p.kernelHeight == 3 && p.kernelWidth == 3 && p.strideWidth <= 2;
  layout.groups = groups;
  layout.shared = (groups << 3) - p.channels;
  layout.groupBytes = square ? GROUP_BYTES_3X3 : lineGroupBytes(p);
  layout.weights = constants + OUTPUT_CONSTANTS_BYTES + LAYOUT_BYTES;
  layout.columns = (p.outputWidth - 1) * p.strideWidth + p.kernelWidth;
  layout.rowBytes = square ? rowBytes3x3(layout) : <usize>(groups * layout.columns) << 5;
  layout.ring = layout.weights + <usize>groups * layout.groupBytes;
  layout.table = layout.ring + <usize>p.kernelHeight * layout.rowBytes;
  const joined = layout.table + (<usize>p.kernelHeight << 2);
  if (square) widenWeights3x3(p, layout, joined);
  else widenLines(p, layout, joined);
  for (let b = 0; b < p.batch; b++) {
    let ready = 0; // rows of the padded image that have entered the ring
    for (let y = 0; y < p.outputHeight; y++) {
      const top = y * p.strideHeight;
      for (ready = max<i32>(ready, top); ready < top + p.kernelHeight; ready++) {
        if (square) enterRow3x3(p, layout, b, ready);
        else enterLine(p, layout, b, ready);
      }
      for (let i = 0; i < p.kernelHeight; i++) {
        store<u32>(layout.table + (<usize>i << 2), <u32>ringRow(p, layout, top + i));
      }
      const output = p.output + <usize>((b * p.outputHeight + y) * p.outputWidth * p.channels);
      if (square) row3x3(p, layout, output, constants);
      else rowOfLines(p, layout, output, constants);
    }
  }
}
