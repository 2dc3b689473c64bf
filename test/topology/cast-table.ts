// The table in docs/threat-model.md of what comes of each vice: measured, and only what does not depend on the machine.
// `node test/topology/cast-table.ts` writes it anew.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { PROJECT_ROOT } from "../../cli/state.ts";
import { POLICY_NAMES, type PolicyName } from "../../protocol/policy.ts";
import { ask, openStage, runCases, type Stage, type Summary, summarize, VICE_NAMES } from "./cast.ts";

export const DOCUMENT = join(PROJECT_ROOT, "docs/threat-model.md");
const BEGIN = "<!-- measured: cast -->\n";
const END = "<!-- end: cast -->\n";

/** Of one vice under one policy, for an asker without the model and for one who can run it. */
export interface Single {
  readonly vice: string;
  readonly policy: PolicyName;
  readonly asker: "without" | "with";
  readonly summary: Summary;
}

/** `check` sees each outcome. */
export function measureSingles(
  stage: Stage,
  check: (...of: [...Parameters<typeof summarize>, Summary]) => Promise<void>,
): Promise<Single[]> {
  const cases = VICE_NAMES.flatMap((vice) =>
    POLICY_NAMES.flatMap((policy) =>
      (["without", "with"] as const).map((asker) => {
        const rerun = asker === "with" ? stage.model : null;
        return { vice, policy, asker, cast: [vice], rerun };
      }),
    ),
  );
  return runCases(cases, async ({ vice, asker, ...asked }) => {
    const outcome = await ask(stage, asked);
    const summary = summarize(stage, asked, outcome);
    await check(stage, asked, outcome, summary);
    return { vice, asker, policy: asked.policy, summary };
  });
}

export function formatTable(singles: readonly Single[]): string {
  const cell = (vice: string, policy: PolicyName, asker: Single["asker"]) =>
    describe(
      singles.find((each) => each.vice === vice && each.policy === policy && each.asker === asker)!.summary,
    );
  const row = (title: string, vice: string, asker: Single["asker"]) =>
    `| ${title} | ${POLICY_NAMES.map((policy) => cell(vice, policy, asker)).join(" | ")} |`;
  const isSame = (vice: string) =>
    POLICY_NAMES.every((policy) => cell(vice, policy, "with") === cell(vice, policy, "without"));
  return [
    `| vice | ${POLICY_NAMES.join(" | ")} |`,
    "| --- | --- | --- | --- |",
    ...VICE_NAMES.flatMap((vice) => [
      row(`\`${vice}\``, vice, "without"),
      ...(isSame(vice) ? [] : [row("…and the asker can run it", vice, "with")]),
    ]),
    "",
  ].join("\n");
}

function describe({ result, seats, hasEvidence, time }: Summary): string {
  const outcome = result === "right" ? "right" : result === "wrong" ? "**wrong**" : `\`${result}\``;
  const cast = seats.map((seat) => (seat.includes("_") ? `\`${seat}\`` : seat));
  return [
    outcome,
    ...cast,
    ...(hasEvidence ? ["evidence"] : []),
    ...(time === "at once" ? [] : [TIMES[time]]),
  ].join("; ");
}

const TIMES = {
  settle: "within settle",
  hedge: "within hedge",
  half: "half the deadline",
  deadline: "at the deadline",
} as const;

/** The part of the document between the marks, and what is around it. */
export async function readTable(): Promise<{
  readonly before: string;
  readonly table: string;
  readonly after: string;
}> {
  const text = await readFile(DOCUMENT, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} has no ${BEGIN.trim()} before ${END.trim()}`);
  const start = begin + BEGIN.length;
  return { before: text.slice(0, start), table: text.slice(start, end), after: text.slice(end) };
}

if (import.meta.main) {
  const stage = await openStage();
  try {
    const table = formatTable(await measureSingles(stage, async () => {}));
    const { before, after } = await readTable();
    await writeFile(DOCUMENT, before + table + after);
    process.stdout.write(table);
  } finally {
    await stage.company.stop();
  }
}
