// What every benchmark returns, how it is shown, and the facts about the machine that a number needs beside it.
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string | null;
  readonly peerValue: number | null;
  /** Above 1 ours is better. */
  readonly ratio: number | null;
  /** Of `ratio` in rows of time beside a peer's, else of `value`; `met` says whether it is kept. */
  readonly target: number | null;
  readonly met: boolean | null;
}

export interface Report {
  readonly machine: string;
  readonly runtime: string;
  readonly commit: string;
  readonly date: string;
  readonly rows: readonly Row[];
}

/** A row of its own: `limit` says whether `target` is the most or the least that `value` may be. */
export function judge(
  name: string,
  value: number,
  unit: string,
  limit: "at most" | "at least" | null,
  target: number | null,
): Row {
  const met = target === null ? null : limit === "at most" ? value <= target : value >= target;
  return { name, value, unit, peer: null, peerValue: null, ratio: null, target, met };
}

/** A time beside a rival's. */
export function compareTimes(
  name: string,
  value: number,
  peer: string,
  peerValue: number,
  target: number | null,
): Row {
  const ratio = peerValue / value;
  const met = target === null ? null : ratio >= target;
  return { name, value, unit: "ms", peer, peerValue, ratio, target, met };
}

/** The runs in turn, `count` times after `warmUp` rounds; milliseconds of each run, sorted. */
export async function interleave(
  runs: readonly (() => unknown)[],
  { count, warmUp }: { count: number; warmUp: number },
): Promise<number[][]> {
  const times: number[][] = runs.map(() => []);
  for (let round = 0; round < warmUp + count; round++) {
    for (const [index, run] of runs.entries()) {
      const start = performance.now();
      await run();
      if (round >= warmUp) times[index]!.push(performance.now() - start);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b));
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export function describeRun(rows: readonly Row[]): Report {
  const [cpu] = cpus();
  return {
    machine: `${cpu?.model.trim() ?? "unknown"}, ${cpus().length} cores`,
    runtime: `node ${process.version}, V8 ${process.versions.v8}`,
    commit: readCommit(),
    date: new Date().toISOString().slice(0, 10),
    rows,
  };
}

function readCommit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

const COLUMNS = ["what", "ours", "unit", "peer", "peer's", "ratio", "target", "met"] as const;

/** A table in Markdown, as README shows it. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    formatNumber(row.value),
    row.unit,
    row.peer ?? "",
    row.peerValue === null ? "" : formatNumber(row.peerValue),
    row.ratio === null ? "" : `${row.ratio.toFixed(2)} ×`,
    row.target === null ? "" : String(row.target),
    row.met === null ? "" : row.met ? "yes" : "**no**",
  ]);
  const widths = COLUMNS.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [
    line(COLUMNS),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...cells.map(line),
  ].join("\n");
}

function formatNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value >= 0.1
        ? value.toFixed(2)
        : value.toPrecision(2);
}
