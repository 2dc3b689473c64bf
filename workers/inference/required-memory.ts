// What a model will take, known from its manifest before anything else of it is read.

import { decodeManifest, planMemory } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { DecodeError, InferenceError } from "../../protocol/errors.ts";

const PAGE_BYTES = 65_536;
/** In front of a model is the page of the kernels; aligning its few large regions costs less than another one. */
const EXTRA_PAGES = 2;
/** A parameter block with its alignment is smaller in every kernel family. */
const OPERATION_BYTES = 512;

/** Bytes of a loaded model, at most. Throws InferenceError manifest_invalid, and what planMemory throws. */
export function requiredMemory(manifest: Bytes): number {
  const decoded = readManifest(manifest);
  const { arenaBytes, scratchBytes } = planMemory(decoded);
  const bytes = decoded.memory.weights + arenaBytes + scratchBytes + OPERATION_BYTES * decoded.ops.length;
  return (Math.ceil(bytes / PAGE_BYTES) + EXTRA_PAGES) * PAGE_BYTES;
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
