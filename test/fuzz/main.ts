// Random graphs through compiler and engine, against onnxruntime-web and against themselves.
//   node test/fuzz/main.ts [--seed N] [--minutes M]     cases from 0 on until the time is over
//   node test/fuzz/main.ts --seed N --case K            one case again, made small if it fails
import process from "node:process";
import { parseArgs } from "node:util";
import { readKernels } from "../../cli/artifacts.ts";
import { checkCase } from "./check.ts";
import { describeCase } from "./describe.ts";
import { generateCase } from "./generate.ts";
import { RULES } from "./operators.ts";
import { shrinkCase } from "./shrink.ts";
import { Tally } from "./tally.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "1" },
    case: { type: "string" },
    from: { type: "string", default: "0" },
  },
});
const seed = Number(values.seed);
const kernels = await readKernels();
const tally = new Tally(Object.keys(RULES));
const until = performance.now() + Number(values.minutes) * 60_000;
const only = values.case === undefined ? null : Number(values.case);

for (
  let index = only ?? Number(values.from);
  only !== null ? index === only : performance.now() < until;
  index++
) {
  const given = generateCase(seed, index);
  if (only !== null) console.log(describeCase(given));
  const outcome = await checkCase(kernels, given);
  tally.add(given, outcome);
  if (only !== null) console.log(outcome);
  if (outcome.kind === "failed") {
    const small = await shrinkCase(kernels, given, outcome.step);
    const again = await checkCase(kernels, small);
    console.log(`\ncase ${index} of seed ${seed} fails (${outcome.step}): ${outcome.reason}`);
    console.log(describeCase(small));
    if (again.kind === "failed") console.log(again.reason);
    console.log(`again: node test/fuzz/main.ts --seed ${seed} --case ${index}\n`);
    process.exitCode = 1;
  }
  if (index % 200 === 199) console.log(tally.line());
}
console.log(tally.report());
