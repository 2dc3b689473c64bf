// One case: a target, a source and a change of it, all of them a function of seed and number.

import { type Bytes, formatHex } from "../../../protocol/bytes.ts";
import { CodedError } from "../../../protocol/errors.ts";
import { createDraw } from "./mangle.ts";
import { mutate } from "./mutate.ts";
import { ATTACKERS, MATERIAL, TARGETS } from "./targets.ts";

/** What no input may take: a run of the model takes 20 ms, and a busy machine stands still for seconds. */
const MAX_CASE_MS = 60_000;
/** What the process may hold, after any input: the judged model, its wasm memory and the compiler's are most of it. */
export const MAX_RSS_BYTES = 1.5 * 2 ** 30;

export interface Outcome {
  readonly target: string;
  readonly code: string | null; // of the refusal; null if the input was accepted
  readonly failure: string | null; // what no input may cause
  readonly input: Bytes;
}

export async function runCase(seed: number, index: number): Promise<Outcome> {
  const draw = createDraw(Math.imul(seed, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b));
  const target = TARGETS[index % TARGETS.length]!;
  const bytes = target.sources[draw(target.sources.length)]!;
  const input = await mutate({ bytes, others: MATERIAL, attackers: ATTACKERS }, draw);
  const started = performance.now();
  const outcome = { target: target.name, code: null, failure: null, input };
  try {
    await target.open(input);
  } catch (error) {
    if (!(error instanceof CodedError)) {
      const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
      return { ...outcome, failure: stack };
    }
    return { ...outcome, code: error.code, failure: checkCost(started) };
  }
  return { ...outcome, failure: checkCost(started) };
}

function checkCost(started: number): string | null {
  const took = performance.now() - started;
  return took > MAX_CASE_MS ? `took ${Math.round(took)} ms` : null;
}

/** How to see it again. */
export function describe(seed: number, index: number, { target, failure, input }: Outcome): string {
  const shown = formatHex(input.slice(0, 600));
  return `${target}: ${failure}\n  input: ${shown}\n  again: node test/fuzz/wire/main.ts --seed ${seed} --case ${index}`;
}
