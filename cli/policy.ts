// The policy that a person asks for: one of the built-in ones by name, or one of their own in a file.
import { PolicyError } from "../protocol/errors.ts";
import { MAX_POLICY_BYTES } from "../protocol/limits.ts";
import type { Policy } from "../protocol/policy.ts";
import { parsePolicy } from "../protocol/policy-file.ts";
import { readGivenFile } from "./files.ts";
import { resolveGiven, showPath } from "./state.ts";

/** Throws CliError file_unreadable, PolicyError policy_malformed naming the file. */
export async function readPolicyFile(given: string): Promise<Policy> {
  const path = resolveGiven(given);
  const bytes = await readGivenFile(path, MAX_POLICY_BYTES);
  try {
    return await parsePolicy(bytes);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new PolicyError(error.code, `${showPath(path)}: ${error.message}`, { cause: error });
  }
}
