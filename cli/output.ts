// What people see: progress on standard error, results on standard output, one JSON object as the last line for programs.
import { CodedError } from "../protocol/errors.ts";
import type { Classification } from "../tasks/classification.ts";
import type { EmbedAnswer } from "../tasks/embed.ts";
import type { ReadTextAnswer } from "../tasks/read-text/read-text.ts";
import type { TaskAnswer } from "../tasks/tasks.ts";
import type { Progress } from "./artifacts/artifacts.ts";
import { escapeUnprintable } from "./printable.ts";

/** On a terminal one line that changes; elsewhere a line for each step as it begins. */
export function createProgress(title: string): Progress {
  let current = "";
  return (step, done, of) => {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${title}: ${step} ${done}/${of}${done === of ? "\n" : ""}`);
    } else if (step !== current) {
      process.stderr.write(`${title}: ${step}\n`);
    }
    current = step;
  };
}

export function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: object): void {
  print(JSON.stringify(value));
}

/**
 * `code` for programs, the message for people, on one line: it may name a file. What is not a CodedError is a bug and
 * keeps its stack.
 */
export function printError(error: unknown, json: boolean): void {
  if (error instanceof CodedError) {
    log(`error: ${escapeUnprintable(error.message)} [${error.code}]`);
    if (json) printJson({ error: { code: error.code, message: error.message } });
    return;
  }
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (json) printJson({ error: { code: "internal", message: "unexpected error; see standard error" } });
}

export function printAnswer(answer: TaskAnswer): void {
  if ("embeddings" in answer) printEmbeddings(answer);
  else if ("lines" in answer) printLines(answer);
  else printClassification(answer);
}

/** The text alone, as it could be piped on; boxes and confidences are in `--json`. */
function printLines({ lines }: ReadTextAnswer): void {
  if (lines.length === 0) print("no text was found");
  for (const { text } of lines) print(text);
}

/** The first of each text's numbers and how long its vector is; all of them are in `--json`. */
function printEmbeddings({ embeddings, cosine, warnings }: EmbedAnswer): void {
  for (const warning of warnings) log(`warning: ${warning}`);
  for (const embedding of embeddings) {
    const first = embedding.slice(0, SHOWN_NUMBERS).map((value) => value.toFixed(4).padStart(7));
    const norm = Math.sqrt(embedding.reduce((sum, value) => sum + value * value, 0));
    print(`${first.join(" ")} … ${embedding.length} numbers, norm ${norm.toFixed(4)}`);
  }
  if (cosine !== null) print(`cosine similarity ${cosine.toFixed(4)}`);
}

/** The best label, and a bar for each. */
function printClassification({ label: best, probabilities }: Classification): void {
  print(`${best}, ${formatPercent(probabilities[best] ?? 0)}`);
  for (const [label, probability] of Object.entries(probabilities)) {
    const bar = "█".repeat(Math.round(probability * 40));
    print(`  ${label.padEnd(8)} ${formatPercent(probability).padStart(7)}  ${bar}`.trimEnd());
  }
}

const SHOWN_NUMBERS = 8;

function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
