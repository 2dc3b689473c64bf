// Addresses inside packed weights, whose layouts wasm/packed.ts and docs/kernels.md write down. A panel has 8 outputs.

/** Bytes of a panel's head: 8 biases and 8 scales, 4 bytes each. */
export const HEAD_BYTES: usize = 64;

/** Bytes of one qs8_qc8w panel: head, then ceil(inputs / 2) groups of 8 outputs × 2 inputs. */
// @ts-ignore: decorator
@inline
export function panelBytes(inputs: i32): usize {
  return HEAD_BYTES + (<usize>((inputs + 1) >> 1) << 4);
}

/** Start of the qs8_qc8w panel that holds `output`. */
// @ts-ignore: decorator
@inline
export function panelOf(weights: usize, inputs: i32, output: i32): usize {
  return weights + <usize>(output >> 3) * panelBytes(inputs);
}

/** Bias of lane `output` mod 8. */
// @ts-ignore: decorator
@inline
export function biasOf(panel: usize, output: i32): i32 {
  return load<i32>(panel + (<usize>(output & 7) << 2));
}

/** Scale of lane `output` mod 8. */
// @ts-ignore: decorator
@inline
export function scaleOf(panel: usize, output: i32): f32 {
  return load<f32>(panel + (<usize>(output & 7) << 2), 32);
}

/** Weight of lane `output` mod 8 for input k. */
// @ts-ignore: decorator
@inline
export function weightOf(panel: usize, output: i32, k: i32): i32 {
  const group = panel + HEAD_BYTES + (<usize>(k >> 1) << 4);
  return load<i8>(group + (<usize>(output & 7) << 1) + <usize>(k & 1));
}

/** Start of the f32 panel that holds `output`: 8 biases, then `inputs` rows of 8 weights. */
// @ts-ignore: decorator
@inline
export function floatPanelOf(weights: usize, inputs: i32, output: i32): usize {
  return weights + ((<usize>(output >> 3) * <usize>(inputs + 1)) << 5);
}

/** Bias of lane `output` mod 8. */
// @ts-ignore: decorator
@inline
export function floatBiasOf(panel: usize, output: i32): f32 {
  return load<f32>(panel + (<usize>(output & 7) << 2));
}

/** Weight of lane `output` mod 8 for input k. */
// @ts-ignore: decorator
@inline
export function floatWeightOf(panel: usize, output: i32, k: i32): f32 {
  return load<f32>(panel + (<usize>(k + 1) << 5) + (<usize>(output & 7) << 2));
}
