// Kernels three or five wide of f32_dwconv: eight neighbouring pixels at stride 1 whose kernels lie inside the image from
// left to right, four channels at a time, each lane summing in the scalar order.
//
// An input meets every pixel that it belongs to while it is in a register: a line of a 5×5 kernel takes 12 loads of inputs
// and 5 of weights for 40 products. Eight sums hide the latency of an addition, four do not.
import { hardSwishLanes } from "../hardswish128";
import { ACTIVATION_HARD_SWISH } from "../operators";
import { DwconvParams } from "./params";

/** Pixels of a tile. */
export const PIXELS: i32 = 8;

/** Whether there is a loop for the kernel of this call. */
// @ts-ignore: decorator
@inline
export function isUnrolled(p: DwconvParams): bool {
  return p.strideWidth == 1 && (p.kernelWidth == 3 || p.kernelWidth == 5);
}

/** All whole 4 channels; `input` is the first tap of line `firstLine` of the kernel, of which `lines` lie inside. */
export function eightPixels(p: DwconvParams, firstLine: i32, lines: i32, input: usize, output: usize): void {
  if (p.kernelWidth == 3) channels(3, p, firstLine, lines, input, output);
  else channels(5, p, firstLine, lines, input, output);
}

// @ts-ignore: decorator
@inline
function channels(width: i32, p: DwconvParams, firstLine: i32, lines: i32, input: usize, output: usize): void {
  const pixelBytes = <usize>p.channels << 2;
  const lineBytes = <usize>p.inputWidth * pixelBytes;
  const nextPanel = (<usize>(p.kernelHeight * width + 1) << 5) - 16;
  const firstWeight = <usize>(firstLine * width + 1) << 5;
  const low = f32x4.splat(p.outputMin), high = f32x4.splat(p.outputMax), offset = f32x4.splat(p.offset);
  const activation = p.activation;
  let panel = p.weights;
  for (let c = 4; c <= p.channels; c += 4) {
    let c0 = v128.load(panel), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
    let weight = panel + firstWeight;
    let row = input;
    for (let line = lines; line > 0; line--) {
      const w0 = v128.load(weight, 0), w1 = v128.load(weight, 32), w2 = v128.load(weight, 64);
      const w3 = width == 5 ? v128.load(weight, 96) : w0, w4 = width == 5 ? v128.load(weight, 128) : w0;
      let at = row;
      let x = v128.load(at);
      c0 = f32x4.add(c0, f32x4.mul(x, w0));
      at += pixelBytes; x = v128.load(at);
      c0 = f32x4.add(c0, f32x4.mul(x, w1)); c1 = f32x4.add(c1, f32x4.mul(x, w0));
      at += pixelBytes; x = v128.load(at);
      c0 = f32x4.add(c0, f32x4.mul(x, w2)); c1 = f32x4.add(c1, f32x4.mul(x, w1));
      c2 = f32x4.add(c2, f32x4.mul(x, w0));
      at += pixelBytes; x = v128.load(at);
      if (width == 5) c0 = f32x4.add(c0, f32x4.mul(x, w3));
      c1 = f32x4.add(c1, f32x4.mul(x, w2)); c2 = f32x4.add(c2, f32x4.mul(x, w1));
      c3 = f32x4.add(c3, f32x4.mul(x, w0));
      at += pixelBytes; x = v128.load(at);
      if (width == 5) c0 = f32x4.add(c0, f32x4.mul(x, w4)), c1 = f32x4.add(c1, f32x4.mul(x, w3));
      c2 = f32x4.add(c2, f32x4.mul(x, w2)); c3 = f32x4.add(c3, f32x4.mul(x, w1));
      c4 = f32x4.add(c4, f32x4.mul(x, w0));
      at += pixelBytes; x = v128.load(at);
      if (width == 5) c1 = f32x4.add(c1, f32x4.mul(x, w4)), c2 = f32x4.add(c2, f32x4.mul(x, w3));
      c3 = f32x4.add(c3, f32x4.mul(x, w2)); c4 = f32x4.add(c4, f32x4.mul(x, w1));
      c5 = f32x4.add(c5, f32x4.mul(x, w0));
      at += pixelBytes; x = v128.load(at);
      if (width == 5) c2 = f32x4.add(c2, f32x4.mul(x, w4)), c3 = f32x4.add(c3, f32x4.mul(x, w3));
      c4 = f32x4.add(c4, f32x4.mul(x, w2)); c5 = f32x4.add(c5, f32x4.mul(x, w1));
      c6 = f32x4.add(c6, f32x4.mul(x, w0));
      at += pixelBytes; x = v128.load(at);
      if (width == 5) c3 = f32x4.add(c3, f32x4.mul(x, w4)), c4 = f32x4.add(c4, f32x4.mul(x, w3));
      c5 = f32x4.add(c5, f32x4.mul(x, w2)); c6 = f32x4.add(c6, f32x4.mul(x, w1));
      c7 = f32x4.add(c7, f32x4.mul(x, w0));
      at += pixelBytes; x = v128.load(at);
      if (width == 5) c4 = f32x4.add(c4, f32x4.mul(x, w4)), c5 = f32x4.add(c5, f32x4.mul(x, w3));
      c6 = f32x4.add(c6, f32x4.mul(x, w2)); c7 = f32x4.add(c7, f32x4.mul(x, w1));
      at += pixelBytes; x = v128.load(at);
      if (width == 5) c5 = f32x4.add(c5, f32x4.mul(x, w4)), c6 = f32x4.add(c6, f32x4.mul(x, w3));
      c7 = f32x4.add(c7, f32x4.mul(x, w2));
      if (width == 5) {
        at += pixelBytes; x = v128.load(at);
        c6 = f32x4.add(c6, f32x4.mul(x, w4)); c7 = f32x4.add(c7, f32x4.mul(x, w3));
        at += pixelBytes; x = v128.load(at);
        c7 = f32x4.add(c7, f32x4.mul(x, w4));
      }
      row += lineBytes;
      weight += <usize>width << 5;
    }
    c0 = f32x4.pmin(high, f32x4.pmax(low, c0)); c1 = f32x4.pmin(high, f32x4.pmax(low, c1));
    c2 = f32x4.pmin(high, f32x4.pmax(low, c2)); c3 = f32x4.pmin(high, f32x4.pmax(low, c3));
    c4 = f32x4.pmin(high, f32x4.pmax(low, c4)); c5 = f32x4.pmin(high, f32x4.pmax(low, c5));
    c6 = f32x4.pmin(high, f32x4.pmax(low, c6)); c7 = f32x4.pmin(high, f32x4.pmax(low, c7));
    if (activation == ACTIVATION_HARD_SWISH) {
      c0 = f32x4.add(hardSwishLanes(c0), offset); c1 = f32x4.add(hardSwishLanes(c1), offset);
      c2 = f32x4.add(hardSwishLanes(c2), offset); c3 = f32x4.add(hardSwishLanes(c3), offset);
      c4 = f32x4.add(hardSwishLanes(c4), offset); c5 = f32x4.add(hardSwishLanes(c5), offset);
      c6 = f32x4.add(hardSwishLanes(c6), offset); c7 = f32x4.add(hardSwishLanes(c7), offset);
    }
    let target = output;
    v128.store(target, c0);
    target += pixelBytes; v128.store(target, c1);
    target += pixelBytes; v128.store(target, c2);
    target += pixelBytes; v128.store(target, c3);
    target += pixelBytes; v128.store(target, c4);
    target += pixelBytes; v128.store(target, c5);
    target += pixelBytes; v128.store(target, c6);
    target += pixelBytes; v128.store(target, c7);
    panel += c & 4 ? 16 : nextPanel;
    input += 16;
    output += 16;
  }
}
