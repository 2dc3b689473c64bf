// `npm run bench`: every benchmark, or those that are named; prints tables, writes .quorate/bench.json.
//   npm run bench -- [models] [accuracy] [size] [kernels] [--json]
import { parseArgs } from "node:util";
import { ensureArtifact, findEntry } from "../cli/artifacts.ts";
import { writeWholeFile } from "../cli/files.ts";
import { createProgress } from "../cli/output.ts";
import { BENCH_FILE } from "../cli/state.ts";
import { utf8 } from "../protocol/bytes.ts";
import { benchAccuracy } from "./accuracy.ts";

import { benchKernels } from "./kernels.ts";
import { benchModels } from "./models.ts";
import { describeRun, formatTable, type Row } from "./report.ts";
import { benchSize } from "./size.ts";

const SUITES: Readonly<Record<string, () => Promise<Row[]>>> = {
  models: benchModels,
  accuracy: benchAccuracy,
  size: benchSize,
  kernels: benchKernels,
};

const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.find((name) => !Object.hasOwn(SUITES, name));
if (unknown !== undefined) {
  console.error(
    `error: there is no benchmark ${JSON.stringify(unknown)}; there are ${Object.keys(SUITES).join(", ")}`,
  );
  process.exit(1);
}
await ensureArtifact(findEntry("moderate-mobilenet-v2"), createProgress("model"));
const rows: Row[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
  console.error(`measuring ${name}`);
  rows.push(...(await SUITES[name]!()));
}
const report = describeRun(rows);
await writeWholeFile(BENCH_FILE, utf8(`${JSON.stringify(report, null, 2)}\n`));
if (values.json) console.log(JSON.stringify(report));
else
  console.log(
    `${formatTable(rows)}\n\n${report.machine}; ${report.runtime}; commit ${report.commit}; ${report.date}`,
  );

// Speed depends on the machine and is for people to judge; sizes and accuracy are the same everywhere.
const broken = rows.filter(
  ({ unit, met }) => met === false && !["ms", "GMAC/s", "of ceiling", "×"].includes(unit),
);
if (broken.length > 0) {
  console.error(`error: missed on any machine: ${broken.map(({ name }) => name).join("; ")}`);
  process.exitCode = 1;
}
