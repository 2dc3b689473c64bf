// How outcomes stand in a table: a cell says what the client returns, notes on it, and when.

import type { Summary } from "./cast.ts";

/** Who asks: without the model, or able to run it. */
export const ASKERS = ["without", "with"] as const;
export type Asker = (typeof ASKERS)[number];

/** A cell for each column. */
export interface Row extends Readonly<Record<Asker, readonly string[]>> {
  readonly title: string;
}

/** A second line where an asker who can run the model gets something else. */
export function formatTable(head: readonly string[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map(() => "---")),
    ...rows.flatMap((row) => [
      line([row.title, ...row.without]),
      ...(row.with.join() === row.without.join() ? [] : [line(["…and the asker can run it", ...row.with])]),
    ]),
    "",
  ].join("\n");
}

export function formatCell(
  { result, time }: Pick<Summary, "result" | "time">,
  notes: readonly string[],
): string {
  const outcome = result === "wrong" ? "**wrong**" : formatCode(result);
  return [outcome, ...notes, ...(time === "at once" ? [] : [TIMES[time]])].join("; ");
}

export function formatCode(text: string): string {
  return text.includes("_") ? `\`${text}\`` : text;
}

const TIMES = {
  settle: "within settle",
  hedge: "within hedge",
  half: "half the deadline",
  deadline: "at the deadline",
} as const;
