// `npm run -s quorate -- <command>`: finds the command and turns what it throws into an exit code.
import { readFile } from "node:fs/promises";
import type { Command } from "./command.ts";
import { audit } from "./commands/audit.ts";
import { infer } from "./commands/infer.ts";
import { judge } from "./commands/judge.ts";
import { keygen } from "./commands/keygen.ts";
import { model } from "./commands/model.ts";
import { up } from "./commands/up.ts";
import { verify } from "./commands/verify.ts";
import { CliError, UndecidedError } from "./errors.ts";
import { print, printError } from "./output.ts";

const COMMANDS: readonly Command[] = [up, infer, verify, judge, audit, model, keygen];

function formatOverview(): string {
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
  return [
    "Quorate: answers that a quorum of independent operators signed.",
    "",
    "usage: npm run -s quorate -- <command> [options]",
    "",
    ...lines,
    "",
    "npm run -s quorate -- <command> --help explains one command; --version tells which version this is.",
  ].join("\n");
}

async function readVersion(): Promise<string> {
  return JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")).version;
}

async function main(args: readonly string[]): Promise<void> {
  const [name = "--help", ...rest] = args;
  if (name === "--help" || name === "-h") return print(formatOverview());
  if (name === "--version") return print(await readVersion());
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const names = COMMANDS.map((candidate) => candidate.name).join(", ");
    throw new CliError("command_unknown", `there is no command ${JSON.stringify(name)}; there are ${names}`);
  }
  if (rest.includes("--help") || rest.includes("-h")) return print(command.help);
  await command.run(rest);
}

// Whoever reads the output may stop reading: `quorate … | head`.
process.stdout.on("error", (error: Error & { code?: string }) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const EXIT_FAILED = 1;
const EXIT_UNDECIDED = 2;

const args = process.argv.slice(2);
try {
  await main(args);
} catch (error) {
  printError(error, args.includes("--json"));
  process.exitCode = error instanceof UndecidedError ? EXIT_UNDECIDED : EXIT_FAILED;
}
