// Random graphs through compiler and engine, against onnxruntime-web and against themselves; and each of them changed.
//   node test/fuzz/main.ts [--seed N] [--minutes M]     cases from 0 on until the time is over
//   node test/fuzz/main.ts --seed N --case K            one case again, made small if it fails
import process from "node:process";
import { parseArgs } from "node:util";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { checkCase } from "./check.ts";
import { describeCase } from "./describe.ts";
import { generateCase } from "./generate.ts";
import { checkMangled } from "./mangle.ts";
import { RULES } from "./operators.ts";
import { shrinkCase } from "./shrink.ts";
import { Tally } from "./tally.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "1" },
    case: { type: "string" },
  },
});
const seed = Number(values.seed);
const kernels = await readKernels();
const tally = new Tally(Object.keys(RULES));
const until = performance.now() + Number(values.minutes) * 60_000;
const only = values.case === undefined ? null : Number(values.case);

for (let index = only ?? 0; only === null ? performance.now() < until : index === only; index++) {
  const given = generateCase(seed, index);
  if (only !== null) console.log(describeCase(given));
  const outcome = await checkCase(kernels, given);
  tally.add(given, outcome);
  if (only !== null) console.log(outcome);
  const again = `again: node test/fuzz/main.ts --seed ${seed} --case ${index}\n`;
  const mangled = checkMangled(kernels, given, index);
  if (mangled !== null) {
    console.log(`\ncase ${index} of seed ${seed} fails (changed): ${mangled}\n${again}`);
    process.exitCode = 1;
  }
  if (outcome.kind === "failed") {
    const small = await shrinkCase(kernels, given, outcome.step);
    const shrunk = await checkCase(kernels, small);
    console.log(`\ncase ${index} of seed ${seed} fails (${outcome.step}): ${outcome.reason}`);
    console.log(describeCase(small));
    console.log(shrunk.kind === "failed" ? `${shrunk.reason}\n${again}` : again);
    process.exitCode = 1;
  }
  if (index % 200 === 199) console.log(tally.line());
}
if (only === null) console.log(tally.report());
