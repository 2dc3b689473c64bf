// `quorate model check`: runs the engine on test cases that others made, and compares.
import { type CaseResult, checkCase } from "../../models/check.ts";
import { fuseGraph } from "../../models/fuse/fuse.ts";
import { runGraph } from "../../models/run.ts";
import { readKernels } from "../artifacts/artifacts.ts";
import { findCases, readCase } from "../artifacts/cases.ts";
import { parseArguments } from "../command.ts";
import { CliError } from "../errors.ts";
import { print, printJson } from "../output.ts";
import { escapeUnprintable } from "../printable.ts";
import { resolveGiven } from "../state.ts";

const STATUSES = ["passed", "failed", "refused"] as const;

/** One line for each case, then how many there were of each kind. The exit code is 1 where one failed. */
export async function checkModels(args: readonly string[]): Promise<void> {
  const given = parseArguments(args, { json: { type: "boolean" } }, ["DIR…"]);
  const kernels = await readKernels();
  const results: ({ readonly name: string } & CaseResult)[] = [];
  for (const folder of given.positionals) {
    for (const found of await findCases(resolveGiven(folder))) {
      const result = await checkCase(await readCase(found), async (graph, inputs) =>
        runGraph(kernels, fuseGraph(graph), inputs),
      );
      results.push({ name: found.name, ...result });
      if (!given.values.json) print(formatResult(found.name, result));
    }
  }
  if (results.length === 0) {
    throw new CliError(
      "file_unreadable",
      `there is no model.onnx in ${given.positionals.join(", ")} or below; name a folder of ONNX's test cases`,
    );
  }
  const counts = STATUSES.map((status) => results.filter((result) => result.status === status).length);
  if (given.values.json) {
    printJson({
      ...Object.fromEntries(STATUSES.map((status, index) => [status, counts[index]])),
      cases: results,
    });
  } else print(STATUSES.map((status, index) => `${counts[index]} ${status}`).join(", "));
  if (results.some(({ status }) => status === "failed")) process.exitCode = 1;
}

function formatResult(name: string, result: CaseResult): string {
  const title = `${result.status.padEnd(7)} ${name}`;
  return escapeUnprintable(result.status === "passed" ? title : `${title}: ${result.reason}`);
}
