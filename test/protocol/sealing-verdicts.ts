// What a worker makes of sealed requests, as text. Runs on every runtime.

import { parseHex } from "../../protocol/bytes.ts";
import { CodedError } from "../../protocol/errors.ts";
import { createSealingKeyPair, decodeSealedRequest, openSealedRequest } from "../../protocol/sealing.ts";

/** Everything in hex. */
export interface SealingCases {
  readonly seed: string;
  readonly workerKey: string;
  readonly sealed: readonly string[];
}

/** `opened`, or the code of the refusal, of each. */
export default async function openAll({ seed, workerKey, sealed }: SealingCases): Promise<string[]> {
  const pair = await createSealingKeyPair(parseHex(seed));
  const verdicts: string[] = [];
  for (const bytes of sealed) {
    try {
      await openSealedRequest(decodeSealedRequest(parseHex(bytes)), pair, parseHex(workerKey));
      verdicts.push("opened");
    } catch (error) {
      verdicts.push(error instanceof CodedError ? error.code : String(error));
    }
  }
  return verdicts;
}
