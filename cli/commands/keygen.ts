// `quorate keygen`: a new Ed25519 key in a file, and for workers the delegation that their operator signs.
import { type Bytes, formatBase64Url } from "../../protocol/bytes.ts";
import { signDelegation } from "../../protocol/delegation.ts";
import { createSecretKey, publicKey } from "../../protocol/ed25519.ts";
import { parseSecretKey } from "../../protocol/keys.ts";
import { MAX_DELEGATION_LIFETIME_SECONDS } from "../../protocol/limits.ts";
import {
  type Arguments,
  type Command,
  optionalText,
  parseArguments,
  requireText,
  wholeNumber,
} from "../command.ts";
import { CliError } from "../errors.ts";
import { readGivenFile, writeSecretFile } from "../files.ts";
import { print, printJson } from "../output.ts";
import { resolveGiven, showPath } from "../state.ts";

const MAX_KEY_FILE_BYTES = 256;
const DAY_SECONDS = 86_400;
const MAX_DAYS = MAX_DELEGATION_LIFETIME_SECONDS / DAY_SECONDS;
const DEFAULT_DAYS = 90;

export const keygen: Command = {
  name: "keygen",
  summary: "make a key for a worker or an operator",
  help: `usage: npm run -s quorate -- keygen --out FILE [--operator DOMAIN --operator-key FILE [--days N]] [--json]

Writes a new Ed25519 secret key (32 bytes, base64url) to FILE, readable by you alone, and prints its public key.
An existing file is never overwritten. One key has one role: make one for the operator and one for each worker.

  --operator DOMAIN     the new key is a worker's: print the delegation that DOMAIN's operator signs for it
  --operator-key FILE   the operator's secret key, made by keygen before
  --days N              how long the delegation holds (default ${DEFAULT_DAYS})
  --json                print one JSON object`,

  async run(args) {
    const given = parseArguments(args, {
      out: { type: "string" },
      operator: { type: "string" },
      "operator-key": { type: "string" },
      days: { type: "string" },
      json: { type: "boolean" },
    });
    const path = resolveGiven(requireText(given, "out"));
    const operator = optionalText(given, "operator");
    for (const name of ["operator-key", "days"]) {
      if (operator === null && given.values[name] !== undefined) {
        throw new CliError("option_missing", `--${name} does nothing without --operator; see --help`);
      }
    }
    const secretKey = createSecretKey();
    const workerKey = await publicKey(secretKey);
    const delegation =
      operator === null
        ? null
        : await signDelegation(
            { operator, workerKey, expiresAt: expiry(given) },
            await readSecretKey(resolveGiven(requireText(given, "operator-key"))),
          );
    await writeSecretFile(path, `${formatBase64Url(secretKey)}\n`);
    const result = {
      file: path,
      publicKey: formatBase64Url(workerKey),
      ...(delegation && { delegation: formatBase64Url(delegation) }),
    };
    if (given.values.json) return printJson(result);
    print(`secret key  ${showPath(path)} (keep it; nobody can make it again)`);
    print(`public key  ${result.publicKey}`);
    if (result.delegation) print(`DELEGATION  ${result.delegation}`);
  },
};

/** Unix seconds. Throws CliError option_invalid. */
function expiry(given: Arguments): number {
  const days = wholeNumber(given, "days", { min: 1, max: MAX_DAYS, otherwise: DEFAULT_DAYS });
  return Math.floor(Date.now() / 1000) + days * DAY_SECONDS;
}

async function readSecretKey(path: string): Promise<Bytes> {
  const text = new TextDecoder().decode(await readGivenFile(path, MAX_KEY_FILE_BYTES));
  try {
    return parseSecretKey(text);
  } catch (cause) {
    throw new CliError("option_invalid", `${path} holds no secret key; make one with keygen`, { cause });
  }
}
