// `npm run bench`: every benchmark, or those that are named; prints tables, writes .quorate/bench.json.
import { parseArgs } from "node:util";
import { ensureArtifact } from "../cli/artifacts/artifacts.ts";
import { createLocalModels } from "../cli/asking/local.ts";
import { writeWholeFile } from "../cli/files.ts";
import { createProgress } from "../cli/output.ts";
import { BENCH_FILE } from "../cli/state.ts";
import { CATALOGUE } from "../models/catalogue.ts";
import { utf8 } from "../protocol/bytes.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { READ_TEXT } from "../tasks/read-text/task.ts";
import { benchAccuracy } from "./accuracy.ts";
import { benchOcr } from "./accuracy-ocr.ts";
import { benchEmbeddingAccuracy, benchEmbeddings } from "./embeddings.ts";
import { benchKernels } from "./kernels.ts";
import { benchMemory } from "./memory.ts";
import { benchModels } from "./models.ts";
import { benchOcrSpeed } from "./ocr.ts";
import { benchQuorum } from "./quorum.ts";
import { describeRun, formatTable, type Row } from "./report.ts";
import { benchSelection } from "./selection.ts";
import { benchSize } from "./size.ts";

const SUITES: Readonly<Record<string, () => Promise<Row[]>>> = {
  models: async () => [...(await benchModels()), ...(await benchEmbeddings()), ...(await benchOcrSpeed())],
  memory: benchMemory,
  accuracy: async () => [
    ...(await benchAccuracy()),
    ...(await benchEmbeddingAccuracy()),
    ...(await benchOcr(await askLocally())),
  ],
  size: benchSize,
  quorum: () => benchQuorum(),
  kernels: benchKernels,
  selection: benchSelection,
};

const USAGE = `usage: npm run -s bench -- [${Object.keys(SUITES).join("] [")}] [--json]

Measures what is named, or everything (about six minutes), prints a table and writes .quorate/bench.json.`;
const OPTIONS = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true, strict: false });
if (values.help) {
  console.log(USAGE);
  process.exit();
}
const unknown =
  positionals.find((name) => !Object.hasOwn(SUITES, name)) ??
  Object.keys(values).find((name) => !Object.hasOwn(OPTIONS, name));
if (unknown !== undefined) {
  console.error(`error: there is no benchmark or option ${JSON.stringify(unknown)}\n\n${USAGE}`);
  process.exit(1);
}
/** The compiled models of read-text, on this machine. */
async function askLocally() {
  const models = createLocalModels(READ_TEXT, null);
  return async (model: string, inputs: readonly Tensor[]) => (await models.open(model)).execute(inputs);
}

const names = positionals.length > 0 ? positionals : Object.keys(SUITES);
if (names.some((name) => name !== "selection"))
  for (const entry of CATALOGUE) await ensureArtifact(entry, createProgress(`model ${entry.name}`));
const rows: Row[] = [];
for (const name of names) {
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
const OF_THE_MACHINE = ["ms", "GMAC/s", "of ceiling", "×", "% of the run"];
const broken = rows.filter(({ unit, met }) => met === false && !OF_THE_MACHINE.includes(unit));
if (broken.length > 0) {
  console.error(`error: missed on any machine: ${broken.map(({ name }) => name).join("; ")}`);
  process.exitCode = 1;
}
