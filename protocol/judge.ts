// Who lied: opened evidence computed again. A pure function of the evidence and of an engine that its caller brings;
// whoever has the same model and engine finds the same.

import { type Bytes, equalBytes } from "./bytes.ts";
import { InferenceError, JudgeError } from "./errors.ts";
import type { OpenedEvidence, OpenedSide } from "./evidence.ts";
import { type BlockOpening, firstDivergence, type InputOpening, type Opening } from "./opening.ts";
import { createStatement, statementDigest, stateQuestion } from "./statement.ts";
import type { Tensor } from "./tensor.ts";

/** The model of the evidence, loaded into its engine. The engine's Model is one. */
export interface Reexecution {
  readonly manifest: { readonly blocks: readonly unknown[] };
  run(request: { readonly inputs: readonly Tensor[] }): Promise<{
    readonly outputs: readonly Tensor[];
    readonly blocks: readonly Bytes[]; // block digests
    readonly opCount: number;
  }>;
  runBlocks(request: { readonly inputs: readonly Tensor[]; readonly last: number }): Promise<{
    readonly blocks: readonly Bytes[];
  }>;
  runBlock(request: {
    readonly shapes: readonly (readonly number[])[];
    readonly block: number;
    readonly boundary: Bytes;
  }): Promise<Bytes>;
}

/** What an honest worker signs. A null digest: it signs nothing, since there is no such block or no such run. */
export type Finding =
  | { readonly scope: "model"; readonly digest: Bytes | null } // of the statement
  | { readonly scope: "block"; readonly block: number; readonly digest: Bytes | null }; // of the block

/** A side of evidence by its place in the file. */
export type SideIndex = 0 | 1;

/** A finding, and who signed something else: one side, or both. */
export interface Ruling {
  readonly finding: Finding;
  readonly atFault: readonly SideIndex[];
}

/** Evidence with what a re-execution starts from. */
export type JudgeableEvidence = OpenedEvidence & { readonly opening: Opening };

/** Throws JudgeError evidence_closed. */
export function requireOpening({ sides, opening }: OpenedEvidence): JudgeableEvidence {
  if (opening !== null) return { sides, opening };
  throw new JudgeError(
    "evidence_closed",
    "the evidence is closed, so nobody can compute who lied; ask whoever made it for the opened file",
  );
}

/**
 * Computes the evidence again and compares. Opened at the input, the whole model decides, or with `scope` block the
 * first block in which the sides differ, and nothing behind it runs; where no block differs, the whole model decides in
 * any case. Opened at a block, that block does. Throws what the engine throws, but for inputs on which an honest run
 * gives no answer: then both are at fault.
 */
export async function judgeEvidence(
  { sides, opening }: JudgeableEvidence,
  engine: Reexecution,
  scope: Finding["scope"],
): Promise<Ruling> {
  const finding = await find(sides, opening, engine, scope);
  const atFault = (await sidesAtFault({ sides, opening }, finding)) ?? [];
  return { finding, atFault };
}

async function find(
  sides: readonly [OpenedSide, OpenedSide],
  opening: Opening,
  engine: Reexecution,
  scope: Finding["scope"],
): Promise<Finding> {
  const block = firstDivergence(opening.blocks);
  if (opening.at === "block") return findInBlock(opening, block!, engine);
  try {
    return scope === "block" && block !== null
      ? await findUpToBlock(opening, block, engine)
      : await findStatement(sides, opening, engine);
  } catch (error) {
    // An honest worker refuses such an input and signs nothing.
    if (isRefusal(error)) return { scope: "model", digest: null };
    throw error;
  }
}

/** Alone, from what both sides say it begins with. */
async function findInBlock(
  { shapes, boundary }: BlockOpening,
  block: number,
  engine: Reexecution,
): Promise<Finding> {
  if (block >= engine.manifest.blocks.length) return { scope: "block", block, digest: null };
  try {
    return { scope: "block", block, digest: await engine.runBlock({ shapes, block, boundary }) };
  } catch (error) {
    if (isRefusal(error)) return { scope: "block", block, digest: null };
    throw error;
  }
}

/** The blocks before it too: what both sides agree on may be a lie of both. */
async function findUpToBlock(
  { inputs, blocks: [claimed] }: InputOpening,
  block: number,
  engine: Reexecution,
): Promise<Finding> {
  const last = Math.min(block, engine.manifest.blocks.length - 1);
  const { blocks } = await engine.runBlocks({ inputs, last });
  const wrong = blocks.slice(0, block).findIndex((honest, index) => !equalBytes(honest, claimed[index]!));
  const decisive = wrong < 0 ? block : wrong;
  return { scope: "block", block: decisive, digest: blocks[decisive] ?? null };
}

async function findStatement(
  [{ receipt }]: readonly [OpenedSide, OpenedSide],
  { question, inputs }: InputOpening,
  engine: Reexecution,
): Promise<Finding> {
  const { outputs, blocks, opCount } = await engine.run({ inputs });
  const { model, engine: engineDigest } = receipt.statement;
  const request = { model, engine: engineDigest, ...question };
  const stated = await stateQuestion(request, inputs);
  const statement = await createStatement({ request, stated, inputs, outputs, blocks, opCount });
  return { scope: "model", digest: await statementDigest(statement) };
}

function isRefusal(error: unknown): boolean {
  return error instanceof InferenceError && ["input_invalid", "output_not_finite"].includes(error.code);
}

/**
 * The sides that signed something else than the finding says. Null for a finding about a block in closed evidence,
 * which does not show what was signed of it.
 */
export async function sidesAtFault(
  { sides, opening }: OpenedEvidence,
  finding: Finding,
): Promise<readonly SideIndex[] | null> {
  if (finding.scope === "block" && opening === null) return null;
  const claimed = sides.map(({ receipt }, side) =>
    finding.scope === "model" ? receipt.wrap.statement : opening!.blocks[side]![finding.block],
  );
  return ([0, 1] as const).filter((side) => !isSame(claimed[side], finding.digest));
}

/** A side without a block is right where there is none. */
function isSame(claimed: Bytes | undefined, honest: Bytes | null): boolean {
  if (claimed === undefined || honest === null) return claimed === undefined && honest === null;
  return equalBytes(claimed, honest);
}
