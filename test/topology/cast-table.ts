// The tables in docs/vices.md of what comes of each vice, alone and in pairs: measured, and only what does not
// depend on the machine. `node test/topology/cast-table.ts` writes them anew.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { PROJECT_ROOT } from "../../cli/state.ts";
import { POLICY_NAMES, type PolicyName } from "../../protocol/policy.ts";
import { ask, openStage, runCases, type Stage, type Summary, summarize, VICE_NAMES } from "./cast.ts";
import { formatPairs, measurePairs } from "./pairs-table.ts";
import { checkPromises } from "./promises.ts";
import { ASKERS, type Asker, formatCell, formatCode, formatTable } from "./table-format.ts";

const DOCUMENT = join(PROJECT_ROOT, "docs/vices.md");

/** Of one vice under one policy. */
export interface Single {
  readonly vice: string;
  readonly policy: PolicyName;
  readonly asker: Asker;
  readonly summary: Summary;
}

/** Every outcome is held to the promises. */
export function measureSingles(stage: Stage): Promise<Single[]> {
  const cases = VICE_NAMES.flatMap((vice) =>
    POLICY_NAMES.flatMap((policy) => ASKERS.map((asker) => ({ vice, policy, asker }))),
  );
  return runCases(cases, async (each) => {
    const { vice, policy, asker } = each;
    const asked = { cast: [vice], policy, rerun: asker === "with" ? stage.model : null };
    const outcome = await ask(stage, asked);
    await checkPromises(stage, asked, outcome);
    return { ...each, summary: summarize(stage, asked, outcome) };
  });
}

export function formatSingles(singles: readonly Single[]): string {
  const cells = (vice: string, asker: Asker) =>
    POLICY_NAMES.map((policy) => {
      const single = singles.find(
        (each) => each.vice === vice && each.policy === policy && each.asker === asker,
      );
      const { seats, hasEvidence, ...came } = single!.summary;
      return formatCell(came, [...seats.map(formatCode), ...(hasEvidence ? ["evidence"] : [])]);
    });
  const rows = VICE_NAMES.map((vice) => ({
    title: `\`${vice}\``,
    without: cells(vice, "without"),
    with: cells(vice, "with"),
  }));
  return formatTable(["vice", ...POLICY_NAMES], rows);
}

type TableName = "cast" | "pairs";

/** The part of the document between the marks of that name. */
export async function readTable(name: TableName): Promise<string> {
  return cut(await readFile(DOCUMENT, "utf8"), name).table;
}

function cut(text: string, name: TableName) {
  const [beginMark, endMark] = [`<!-- measured: ${name} -->\n`, `<!-- end: ${name} -->\n`];
  const [begin, end] = [text.indexOf(beginMark), text.indexOf(endMark)];
  if (begin < 0 || end < begin)
    throw new Error(`${DOCUMENT} has no ${beginMark.trim()} before ${endMark.trim()}`);
  const start = begin + beginMark.length;
  return { before: text.slice(0, start), table: text.slice(start, end), after: text.slice(end) };
}

async function writeTable(name: TableName, table: string): Promise<void> {
  const { before, after } = cut(await readFile(DOCUMENT, "utf8"), name);
  await writeFile(DOCUMENT, before + table + after);
  process.stdout.write(`${table}\n`);
}

if (import.meta.main) {
  const stage = await openStage(VICE_NAMES);
  try {
    await writeTable("cast", formatSingles(await measureSingles(stage)));
    await writeTable("pairs", formatPairs(await measurePairs(stage)));
  } finally {
    await stage.company.stop();
  }
}
