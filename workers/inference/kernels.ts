// Where a platform compiles the kernels from a file, it compiles only those that the engine digest names.

import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import { InferenceError } from "../../protocol/errors.ts";

/** Throws InferenceError kernels_mismatch if `bytes` are not the `kernels.wasm` of wasm/digests.json. */
export async function checkKernels(bytes: Bytes, digestsJson: string): Promise<void> {
  const named = (JSON.parse(digestsJson) as Readonly<Record<string, string>>)["kernels.wasm"];
  const found = formatHex(await digestRaw(bytes));
  if (found !== named) {
    throw new InferenceError(
      "kernels_mismatch",
      `kernels.wasm has digest ${found}, but digests.json says ${named}; build it again`,
    );
  }
}
