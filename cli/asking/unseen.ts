// Vices that an answer does not show: what a person who looks for them is told instead.
import type { ReportedVerdict } from "../../client/index.ts";
import { isFound } from "../network/members.ts";
import type { RunningWorker } from "../network/running.ts";
import { commandLine } from "../state.ts";

type Worker = Pick<RunningWorker, "name" | "url" | "vice">;

/** A line for each worker of the cast that looks honest in the verdicts; `copied` are operators that an audit found. */
export function describeUnseen(
  workers: readonly Worker[],
  verdicts: readonly Pick<ReportedVerdict, "operator" | "endpoint" | "outcome">[],
  copied: readonly string[],
): string[] {
  return workers.flatMap(({ name, url, vice }) => {
    if (vice === null) return [];
    if (!isFound(vice)) return `${name} (${vice}) cannot be asked: no region keeps its record`;
    const verdict = verdicts.find(({ endpoint }) => endpoint === url);
    if (verdict?.outcome !== "agreed" || copied.includes(verdict.operator)) return [];
    const audit = commandLine(`audit --worker ${url}`);
    return `${name} (${vice}) signed the right answer; while it runs, an audit shows what it does: ${audit}`;
  });
}
