// What a model will take, known from its manifest before anything else of it is read.

import { decodeManifest, planMemory } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { DecodeError, InferenceError } from "../../protocol/errors.ts";

const PAGE_BYTES = 65_536;
/** In front of a model is the page of the kernels, and the last page is rarely full. */
const EXTRA_PAGES = 2;

/**
 * Bytes of a loaded model with the largest inputs that it takes. Throws InferenceError manifest_invalid, and what
 * planMemory throws.
 */
export function requiredMemory(manifest: Bytes): number {
  const { totalBytes } = planMemory(readManifest(manifest));
  return (Math.ceil(totalBytes / PAGE_BYTES) + EXTRA_PAGES) * PAGE_BYTES;
}

function readManifest(manifest: Bytes) {
  try {
    return decodeManifest(manifest);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    // Its own code would blame the asker.
    const message = "a manifest cannot be decoded; build and deploy the artifact again";
    throw new InferenceError("manifest_invalid", message, { cause });
  }
}
