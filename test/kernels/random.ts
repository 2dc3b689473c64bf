// Seeded randomness for the kernel tests: a failure repeats with the seed that the test states.

export interface Random {
  /** A uniform integer in low..high, both included. */
  integer(low: number, high: number): number;
  /** A uniform double in low..high. */
  real(low: number, high: number): number;
  int8(length: number): Int8Array;
  uint8(length: number): Uint8Array;
  float32(length: number, low: number, high: number): Float32Array;
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const real = (low: number, high: number): number => low + next() * (high - low);
  return {
    integer,
    real,
    int8: (length) => Int8Array.from({ length }, () => integer(-128, 127)),
    uint8: (length) => Uint8Array.from({ length }, () => integer(0, 255)),
    float32: (length, low, high) => Float32Array.from({ length }, () => real(low, high)),
  };
}
