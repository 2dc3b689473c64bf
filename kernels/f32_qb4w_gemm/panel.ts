// Addresses inside a qb4w panel, whose layout wasm/packed.ts writes down: a head of 8 biases, then blocks of 32 inputs.

/** Bytes of a panel's head: 8 biases. */
export const BLOCK_HEAD_BYTES: usize = 32;
/** Of a block: 8 scales, 8 zero points, 32 inputs × 8 outputs of 4 bits. */
export const BLOCK_BYTES: usize = 168;
/** Where the weights stand in a block: groups of 4 inputs, 16 bytes each. */
export const BLOCK_WEIGHTS: usize = 40;

/** Bytes of a panel. */
// @ts-ignore: decorator
@inline
export function blockPanelBytes(inputs: i32): usize {
  return BLOCK_HEAD_BYTES + <usize>((inputs + 31) >> 5) * BLOCK_BYTES;
}

/** Weight of lane `lane` for input k. */
export function blockWeightOf(panel: usize, lane: usize, k: i32): f32 {
  const block = panel + BLOCK_HEAD_BYTES + <usize>(k >> 5) * BLOCK_BYTES;
  const byte = load<u8>(block + BLOCK_WEIGHTS + (<usize>((k & 31) >> 2) << 4) + (<usize>(k & 1) << 3) + lane);
  const q = <i32>(k & 2 ? byte >> 4 : byte & 15);
  return <f32>(q - <i32>load<u8>(block + 32 + lane)) * load<f32>(block + (lane << 2));
}
