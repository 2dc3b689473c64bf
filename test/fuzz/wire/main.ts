// Hostile bytes for everything that reads bytes of strangers.
//   node test/fuzz/wire/main.ts [--seed N] [--inputs M]   M inputs, 1,000,000 if not said
//   node test/fuzz/wire/main.ts --seed N --case K         one input again
import process from "node:process";
import { parseArgs } from "node:util";
import { describe, MAX_RSS_BYTES, runCase } from "./run.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    inputs: { type: "string", default: "1000000" },
    case: { type: "string" },
  },
});
const seed = Number(values.seed);
const [first, inputs] = values.case === undefined ? [0, Number(values.inputs)] : [Number(values.case), 1];
const started = performance.now();
const counts = new Map<string, Map<string, number>>(); // target → code, or "accepted" → inputs
let failures = 0;
let peak = 0;

for (let index = first; index < first + inputs; index++) {
  const outcome = await runCase(seed, index);
  const codes = counts.get(outcome.target) ?? new Map<string, number>();
  const name = outcome.code ?? "accepted";
  counts.set(outcome.target, codes.set(name, (codes.get(name) ?? 0) + 1));
  if (outcome.failure !== null) {
    failures++;
    process.exitCode = 1;
    if (failures <= 20) console.log(describe(seed, index, outcome));
  }
  if (index % 1000 === 999) {
    const { rss } = process.memoryUsage();
    peak = Math.max(peak, rss);
    if (rss > MAX_RSS_BYTES) {
      console.log(`${Math.round(rss / 2 ** 20)} MiB are held after input ${index}`);
      process.exitCode = 1;
      break;
    }
  }
  if (index % 50_000 === 49_999) console.error(`${index + 1} inputs, ${failures} failures`);
}

for (const [target, codes] of counts) {
  const most = [...codes].toSorted(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`);
  console.log(`${target}: ${most.join(", ")}`);
}
const seconds = Math.round((performance.now() - started) / 1000);
console.log(
  `${inputs} inputs, ${failures} failures, ${seconds} s, ${Math.round(peak / 2 ** 20)} MiB at most`,
);
