// Where everything lives on this machine: under the project, ignored by git. The environment variable QUORATE_STATE
// names another folder for networks, certificates and evidence; artifacts stay where wrangler.toml takes them from.
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CliError } from "./errors.ts";
import { escapeUnprintable } from "./printable.ts";

/** Where the person stands: npm runs scripts in the project's folder, wherever it was called. */
const HERE = process.env.INIT_CWD ?? process.cwd();

/** A path as it was given on the command line. Throws CliError option_invalid for an address. */
export function resolveGiven(path: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path))
    throw new CliError("option_invalid", `${path} is no path; give a file, not an address`);
  return resolve(HERE, path);
}

/** A path as a person would write it from where they stand, printable; for people only. */
export function showPath(path: string): string {
  const shown = relative(HERE, path);
  return escapeUnprintable(shown.startsWith("../..") ? path : shown);
}

export const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));
const HOME = join(PROJECT_ROOT, ".quorate");
const chosen = process.env.QUORATE_STATE;
const state = resolve(chosen ?? HOME);

/** Before a command that a person is to copy: what makes it use the state folder that this one uses. */
export const STATE_PREFIX = chosen === undefined ? "" : `QUORATE_STATE=${quote(state)} `;

/** A command for a person to copy, in another terminal too. */
export function commandLine(args: string): string {
  return `${STATE_PREFIX}npm run -s quorate -- ${args}`;
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** What `cli/asking/sample-page.ts` renders. */
export const SAMPLE_PAGE = join(HOME, "page.png");
export const ARTIFACTS_FOLDER = join(HOME, "artifacts");
export const NETWORK_FOLDER = join(state, "network");
export const CERTIFICATES_FOLDER = join(state, "certificates");
export const BENCH_FILE = join(state, "bench.json");
export const EVIDENCE_FOLDER = join(state, "evidence");
/** How long workers took to answer this machine. */
export const LATENCIES_FILE = join(state, "latencies.json");
/** What this machine saw of operators. */
export const REPUTATION_FILE = join(state, "reputation.json");
