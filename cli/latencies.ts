// How long workers took to answer this machine, as a file in the state folder: read before anybody is asked, written after.
import { formatLatencies, type Latencies, observe, parseLatencies } from "../client/index.ts";
import { DecodeError } from "../protocol/errors.ts";
import { readTextIfPresent, unreadable, writeWholeFile } from "./files.ts";
import { log } from "./output.ts";
import { LATENCIES_FILE, showPath } from "./state.ts";

/** Empty where there is no file yet, and where it is damaged: what is lost is measured again. Throws CliError file_unreadable. */
export async function readLatencies(): Promise<Latencies> {
  const text = await readTextIfPresent(LATENCIES_FILE).catch((cause: unknown) => {
    throw unreadable(LATENCIES_FILE, cause);
  });
  if (text === null) return new Map();
  try {
    return parseLatencies(text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    log(`${showPath(LATENCIES_FILE)} is damaged; who is near is measured anew [${error.code}]`);
    return new Map();
  }
}

/** Reads it anew, so that two commands at once lose little. Throws CliError file_unreadable, file_unwritable. */
export async function keepLatencies(question: Omit<Parameters<typeof observe>[1], "now">): Promise<void> {
  const next = observe(await readLatencies(), { ...question, now: Date.now() });
  await writeWholeFile(LATENCIES_FILE, formatLatencies(next));
}
