// i32_requantize: output[row, c] = clamp(nearestEven(f32(input[row, c] + bias[c]) · scales[c]) + zeroPoint, outputMin,
// outputMax) as a byte, i8 or u8 by the range. The specification of the family. The sum wraps mod 2^32; bias 0 (the
// null pointer) adds nothing; a NaN gives outputMin. Equal to the last step of ONNX's QLinearConv and QLinearMatMul.
import { requantize } from "../clamp";
import { RequantizeParams } from "./params";

export function i32_requantize__scalar(p: RequantizeParams): void {
  for (let row = 0; row < p.rows; row++) requantizeChannels(p, row, 0);
}

/** Row `row` from channel `first` on. */
export function requantizeChannels(p: RequantizeParams, row: i32, first: i32): void {
  const start = <usize>row * <usize>p.channels;
  for (let c = first; c < p.channels; c++) {
    const at = <usize>c << 2;
    let acc = load<i32>(p.input + (start << 2) + at);
    if (p.bias) acc += load<i32>(p.bias + at);
    const q = requantize(acc, load<f32>(p.scales + at), p.zeroPoint, p.outputMin, p.outputMax);
    store<u8>(p.output + start + <usize>c, q);
  }
}
