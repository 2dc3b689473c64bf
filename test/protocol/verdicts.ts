// The verdicts of both paths of the Ed25519 rule on a list of signatures, as text. Runs on every runtime.

import { parseHex } from "../../protocol/bytes.ts";
import { verifySignature, verifyWithPoints } from "../../protocol/ed25519.ts";
import { VerificationError } from "../../protocol/errors.ts";

export interface SignatureCase {
  readonly key: string; // hex
  readonly message: string; // hex
  readonly signature: string; // hex
}

/** `true` or the code of refusal, by the path that verifySignature chose and by points alone. */
export default async function judge(
  cases: readonly SignatureCase[],
): Promise<[chosen: string, points: string][]> {
  const verdicts: [string, string][] = [];
  for (const one of cases) {
    const [key, message, signature] = [parseHex(one.key), parseHex(one.message), parseHex(one.signature)];
    const chosen = await verdict(() => verifySignature(key, message, signature));
    // Points take signatures of 64 bytes.
    const points =
      signature.length === 64 ? await verdict(() => verifyWithPoints(key, message, signature)) : chosen;
    verdicts.push([chosen, points]);
  }
  return verdicts;
}

async function verdict(verify: () => Promise<unknown>): Promise<string> {
  try {
    return (await verify()) === false ? "signature_invalid" : "true";
  } catch (error) {
    return error instanceof VerificationError ? error.code : String(error);
  }
}
