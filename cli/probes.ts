// Inputs for audits: those that a model was calibrated with, changed a little each time, so that no answer is known before.
import type { Bytes } from "../protocol/bytes.ts";
import { DTYPE_BYTES, type Tensor } from "../protocol/tensor.ts";

const SWAPS = 32;

/**
 * One of `samples`, with up to 32 pairs of elements of its first tensor in each other's place: values that the model
 * takes, in an order that nobody has asked about. `random` chooses both.
 */
export function createProbe(
  samples: readonly (readonly Tensor[])[],
  random: (length: number) => Bytes,
): readonly Tensor[] {
  const draw = (below: number) => new DataView(random(4).buffer).getUint32(0) % below;
  const [first, ...others] = samples[draw(samples.length)]!;
  const width = DTYPE_BYTES[first!.dtype];
  const data = first!.data.slice();
  const elements = data.length / width;
  for (let swap = 0; swap < SWAPS; swap++) {
    const [a, b] = [draw(elements) * width, draw(elements) * width];
    const kept = data.slice(a, a + width);
    data.copyWithin(a, b, b + width);
    data.set(kept, b);
  }
  return [{ ...first!, data }, ...others];
}
