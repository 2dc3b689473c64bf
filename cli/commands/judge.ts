// `quorate judge`: computes evidence again and says who lied; opens it at a block, or closes it.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { closeEvidence, describeEvidence, type VerifiedEvidence } from "../../client/index.ts";
import { type Bytes, equalBytes, formatHex } from "../../protocol/bytes.ts";
import { openEvidence, reopenEvidence } from "../../protocol/evidence.ts";
import {
  type Finding,
  type JudgeableEvidence,
  type Ruling,
  requireOpening,
  type SideIndex,
} from "../../protocol/judge.ts";
import { MAX_FAULT_PROOF_BYTES } from "../../protocol/limits.ts";
import { firstDivergence, shapesOf } from "../../protocol/opening.ts";
import { describeOpening, expectEvidence, formatSigner, SIGNER_HEADING } from "../checking/accusation.ts";
import { judgeHere, loadJudge, undecided } from "../checking/judge-here.ts";
import { naming } from "../checking/replay.ts";
import { type Command, optionalText, parseArguments } from "../command.ts";
import { CliError } from "../errors.ts";
import { readGivenFile, writePrivateFile, writeWholeFile } from "../files.ts";
import { checkTarget } from "../given.ts";
import { print, printJson } from "../output.ts";
import { EVIDENCE_FOLDER, resolveGiven, showPath } from "../state.ts";

export const judge: Command = {
  name: "judge",
  summary: "compute evidence again and tell who lied",
  help: `usage: npm run -s quorate -- judge [EVIDENCE] [--block [--out FILE]] [--json]
       npm run -s quorate -- judge [EVIDENCE] --close FILE [--json]

Runs what two workers signed different results for, with the local engine, and tells who of them lied: one, or both.
EVIDENCE is a file that infer or up wrote; without it, the newest of them on this machine.
Exit 0 if that was decided; 2 if it could not be (the evidence is closed, its model is not built here, its engine is
another version); 1 if the evidence does not hold or the call is wrong.

  --block           decide by the first block in which the two differ, and run nothing behind it
  --out FILE        with --block: write evidence that is opened at that block instead of at the input. It holds an inner
                    result of the model, from which much of the input may be guessed, but not the input
  --close FILE      write closed evidence, which shows neither input nor outputs, and judge nothing
  --json            print one JSON object`,

  async run(args) {
    const given = parseArguments(
      args,
      {
        block: { type: "boolean" },
        out: { type: "string" },
        close: { type: "string" },
        json: { type: "boolean" },
      },
      ["EVIDENCE?"],
    );
    const [out, close] = [optionalText(given, "out"), optionalText(given, "close")];
    const options = { block: given.values.block === true, json: given.values.json === true };
    if (out !== null && !options.block)
      throw new CliError("option_missing", "--out is for --block; see --help");
    if (close !== null && options.block)
      throw new CliError("option_invalid", "--close judges nothing; leave --block out");
    const target = out ?? close;
    if (target !== null) await checkTarget(resolveGiven(target));
    const [named] = given.positionals;
    const path = named === undefined ? await findNewest() : resolveGiven(named);
    const bytes = await readGivenFile(path, MAX_FAULT_PROOF_BYTES);
    expectEvidence({ path, bytes });
    if (close !== null) return closeFile(path, bytes, resolveGiven(close), options.json);
    await judgeFile(path, bytes, { ...options, out: out && resolveGiven(out) });
  },
};

/** Throws CliError file_unreadable. */
async function findNewest(): Promise<string> {
  const names = await readdir(EVIDENCE_FOLDER).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith(".evidence"))
      .map(async (name) => {
        const path = join(EVIDENCE_FOLDER, name);
        return { path, writtenAt: (await stat(path)).mtimeMs };
      }),
  );
  const [newest] = files.sort((a, b) => b.writtenAt - a.writtenAt);
  if (newest !== undefined) return newest.path;
  throw new CliError("file_unreadable", "no evidence was written on this machine; name the file");
}

async function closeFile(path: string, bytes: Bytes, target: string, json: boolean): Promise<void> {
  await writeWholeFile(target, await naming(path, () => closeEvidence(bytes)));
  if (json) return printJson({ closed: target });
  print(`evidence     ${showPath(target)}`);
  print(`  ${describeOpening(null)}`);
}

async function judgeFile(
  path: string,
  bytes: Bytes,
  { block, out, json }: { readonly block: boolean; readonly out: string | null; readonly json: boolean },
): Promise<void> {
  const opened = await naming(path, () => openEvidence(bytes));
  const ruling = await judgeHere(path, opened, block ? "block" : "model");
  const evidence = requireOpening(opened);
  if (out !== null) await writePrivateFile(out, await openAtBlock(path, evidence));
  const facts = describeEvidence(evidence);
  if (json) return printJson(summarize(facts, ruling, out));
  printRuling(facts, ruling);
  if (out === null) return;
  print();
  print(`evidence     ${showPath(out)}`);
  print(`  ${describeOpening("block")}`);
}

/** Throws CliError option_invalid where the evidence cannot be opened at a block. */
async function openAtBlock(path: string, evidence: JudgeableEvidence): Promise<Bytes> {
  const { opening } = evidence;
  if (opening.at === "block") return reopenEvidence(evidence, opening);
  const refuse = (reason: string): never => {
    throw new CliError("option_invalid", `${reason}; leave --out away, and judge from the input`);
  };
  const block = firstDivergence(opening.blocks) ?? refuse("the two differ in no block");
  if (block === 0) refuse("the two differ in the first block, which begins with the input");
  return undecided(path, async () => {
    const model = await loadJudge(evidence);
    const last = block - 1;
    const isThere = last < model.manifest.blocks.length;
    const trace = isThere ? await model.runBlocks({ inputs: opening.inputs, last }) : null;
    if (
      trace === null ||
      !trace.blocks.every((honest, index) => equalBytes(honest, opening.blocks[0][index]!))
    )
      return refuse("the two agree on a block that no honest worker has");
    const { blocks } = opening;
    return reopenEvidence(evidence, {
      at: "block",
      shapes: shapesOf(opening),
      boundary: trace.output,
      blocks,
    });
  });
}

function printRuling(evidence: VerifiedEvidence, { finding, atFault }: Ruling): void {
  const { sides, differences, contradictsItself, opened, model, engine } = evidence;
  print(`${" ".repeat("✔ right   ".length)}${SIGNER_HEADING}`);
  for (const [side, facts] of sides.entries())
    print(`${atFault.includes(side as SideIndex) ? "✘ LIED    " : "✔ right   "}${formatSigner(facts)}`);
  print(`one question, two signed results: they differ in ${differences.join(", ")}`);
  if (contradictsItself) print("both are of one worker, which is at fault whatever a run finds");
  if (atFault.length === 2) print("both signed what no honest worker signs");
  print(describeFinding(finding, opened === "block"));
  if (opened === "input") print("the file holds the question; --close FILE writes one that can be published");
  print();
  print(`model        ${formatHex(model)}`);
  print(`engine       ${formatHex(engine)}`);
}

function describeFinding(finding: Finding, alone: boolean): string {
  if (finding.digest === null)
    return "an honest worker has nothing there: it would have refused or stopped before";
  if (finding.scope === "model") return "this machine ran the whole model";
  const rest = alone ? "what comes before and behind it was" : "what comes behind it was";
  return `this machine computed block ${finding.block}, the first in which they differ; ${rest} not judged`;
}

function summarize(facts: VerifiedEvidence, { finding, atFault }: Ruling, out: string | null): object {
  return {
    decided: true,
    scope: finding.scope,
    block: finding.scope === "block" ? finding.block : null,
    digest: finding.digest && formatHex(finding.digest),
    sides: facts.sides.map(({ operator, provider, workerKey, time }, side) => {
      const isAtFault = atFault.includes(side as SideIndex);
      return { operator, provider, workerKey: formatHex(workerKey), time, atFault: isAtFault };
    }),
    differences: facts.differences,
    contradictsItself: facts.contradictsItself,
    opened: facts.opened,
    model: formatHex(facts.model),
    engine: formatHex(facts.engine),
    out,
  };
}
