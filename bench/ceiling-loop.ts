// The machine's own limit of int8 multiply-adds, measured in the same run as whatever is a share of it.
import { compile } from "../wasm/build.ts";
import { variedBytes } from "./stage.ts";

const TURNS = 400_000;
const MACS_PER_TURN = 64;
/** In front of it is what the compiler puts there. */
const DATA = 65_536;

export interface Ceiling {
  run(): void;
  /** GMAC/s, where a run took this long. */
  rateOf(milliseconds: number): number;
}

export async function createCeiling(): Promise<Ceiling> {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const { instance } = await WebAssembly.instantiate(await compile("bench/ceiling.ts"), { env: { memory } });
  const ceiling = instance.exports.ceiling as (data: number, turns: number) => void;
  new Int8Array(memory.buffer).set(variedBytes(memory.buffer.byteLength));
  return {
    run: () => ceiling(DATA, TURNS),
    rateOf: (milliseconds) => (TURNS * MACS_PER_TURN) / milliseconds / 1e6,
  };
}
