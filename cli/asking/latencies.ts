// How long workers took to answer this machine, as a file in the state folder: read before anybody is asked, written
// after.
import { formatLatencies, parseLatencies } from "../../client/audits.ts";
import { type Latencies, rememberLatencies } from "../../client/index.ts";
import { writeWholeFile } from "../files.ts";
import { log } from "../output.ts";
import { LATENCIES_FILE, showPath } from "../state.ts";
import { readMemory } from "./memory.ts";

/**
 * Empty where there is no file yet, and where it is damaged: what is lost is measured again. Throws CliError
 * file_unreadable.
 */
export function readLatencies(): Promise<Latencies> {
  return readMemory(LATENCIES_FILE, parseLatencies, ({ code }) => {
    log(`${showPath(LATENCIES_FILE)} is damaged; who is near is measured anew [${code}]`);
    return new Map();
  });
}

/** Reads it anew, so that two commands at once lose little. Throws CliError file_unreadable, file_unwritable. */
export async function keepLatencies(
  question: Omit<Parameters<typeof rememberLatencies>[1], "now">,
): Promise<void> {
  const next = rememberLatencies(await readLatencies(), { ...question, now: Date.now() });
  await writeWholeFile(LATENCIES_FILE, formatLatencies(next));
}
