// The policy that a person asks for: one of the built-in ones by name, or one of their own in a file.
import { MAX_POLICY_BYTES } from "../../protocol/limits.ts";
import type { Policy } from "../../protocol/policy.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import { readGivenFile, withFileName } from "../files.ts";
import { resolveGiven, showPath } from "../state.ts";

/** Called by its path. Throws CliError file_unreadable, CodedError policy_malformed naming the file. */
export async function readPolicyFile(given: string): Promise<Policy> {
  const path = resolveGiven(given);
  const bytes = await readGivenFile(path, MAX_POLICY_BYTES);
  const shown = showPath(path);
  // Never a bare name: a file called strict is not the built-in policy.
  const title = shown.includes("/") ? shown : `./${shown}`;
  return { ...(await withFileName(title, () => parsePolicy(bytes))), title };
}
