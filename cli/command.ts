// One command of the program: its name, its help, its options, and what it does.
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { CliError } from "./errors.ts";

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Everything behind the name: what `--help` prints. */
  readonly help: string;
  /** Prints to standard output; progress goes to standard error. Throws CodedError. */
  run(args: readonly string[]): Promise<void>;
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface Arguments {
  readonly values: Values;
  readonly positionals: readonly string[];
}

/**
 * A positional whose name ends in … takes one argument or more; one whose name ends in ? may be left out.
 * Throws CliError: option_unknown, option_missing (a positional), option_invalid (a value that is missing or empty).
 */
export function parseArguments(
  args: readonly string[],
  options: ParseArgsOptionsConfig,
  positionals: readonly string[] = [],
): Arguments {
  const parsed = parse(args, options);
  const missing = positionals[parsed.positionals.length];
  if (missing !== undefined && !missing.endsWith("?"))
    throw new CliError("option_missing", `${missing} is missing; see --help`);
  const extra = parsed.positionals[positionals.length];
  if (positionals.at(-1)?.endsWith("…")) return parsed;
  if (extra !== undefined)
    throw new CliError(
      "option_unknown",
      `${JSON.stringify(extra)} is one argument too many; options of npm run come after --, see --help`,
    );
  return parsed;
}

function parse(args: readonly string[], options: ParseArgsOptionsConfig): Arguments {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
      throw new CliError("option_unknown", `${message.split(".")[0]}; see --help`, { cause });
    }
    throw new CliError("option_invalid", `${message.split(".")[0]}; see --help`, { cause });
  }
}

/** The value of a text option that must be there. Throws CliError: option_missing, option_invalid (empty). */
export function requireText(given: Arguments, name: string): string {
  const value = optionalText(given, name);
  if (value !== null) return value;
  throw new CliError("option_missing", `--${name} is missing; see --help`);
}

/** The number of an option, of its unit if it has one: `10 seconds`. Throws CliError option_invalid. */
export function wholeNumber(
  given: Arguments,
  name: string,
  {
    min,
    max,
    otherwise,
    unit = "",
  }: {
    readonly min: number;
    readonly max: number;
    readonly otherwise: number; // where the option is not given
    readonly unit?: string;
  },
): number {
  const text = optionalText(given, name);
  if (text === null) return otherwise;
  const value = /^(?:0|[1-9]\d{0,8})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = `a whole number from ${min} to ${max}${unit && ` ${unit}`}`;
  throw new CliError("option_invalid", `--${name} is ${JSON.stringify(text)}; it must be ${range}`);
}

/** The value of a text option, null without it. Throws CliError option_invalid (empty). */
export function optionalText({ values }: Arguments, name: string): string | null {
  const value = values[name];
  if (value === "") throw new CliError("option_invalid", `--${name} is empty; see --help`);
  return typeof value === "string" ? value : null;
}
