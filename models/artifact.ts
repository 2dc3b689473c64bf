// An artifact as it is published: a manifest and chunks of weights.
import { decodeManifest, encodeManifest, type Manifest } from "../engine/index.ts";
import type { Bytes } from "../protocol/bytes.ts";
import { digest, digestRaw } from "../protocol/digest.ts";
import { DecodeError } from "../protocol/errors.ts";
import { ModelError } from "./errors.ts";

/** Smaller than any platform's limit on a static file (25 MiB), and little enough to fetch again when damaged. */
const CHUNK_BYTES = 4 * 1024 * 1024;

export interface Artifact {
  readonly digest: Bytes;
  readonly manifest: Bytes;
  readonly chunks: readonly Bytes[];
  /** What the task needs on the asker's side, by name. */
  readonly files: ReadonlyMap<string, Bytes>;
}

/**
 * Cuts the weights into chunks and describes them in the manifest, whose digest names the artifact. Throws
 * ModelError model_too_large for a manifest that no worker would read.
 */
export async function writeArtifact(
  manifest: Manifest,
  weights: Bytes,
  files: ReadonlyMap<string, Bytes>,
): Promise<Artifact> {
  const chunks: Bytes[] = [];
  for (let start = 0; start < weights.length; start += CHUNK_BYTES)
    chunks.push(weights.slice(start, start + CHUNK_BYTES));
  const described = await Promise.all(
    chunks.map(async (chunk) => ({ digest: await digestRaw(chunk), bytes: chunk.length })),
  );
  const taskFiles = await Promise.all(
    [...files].map(async ([name, bytes]) => ({ name, digest: await digestRaw(bytes), bytes: bytes.length })),
  );
  const bytes = encodeManifest({ ...manifest, chunks: described, files: taskFiles });
  checkReadable(manifest.name, bytes);
  return { digest: await digest("manifest", bytes), manifest: bytes, chunks, files };
}

/** Every limit of whoever loads it, by their own decoder. */
function checkReadable(name: string, manifest: Bytes): void {
  try {
    decodeManifest(manifest);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new ModelError(
      "model_too_large",
      `no worker would read the manifest of ${name}: ${cause.message}`,
      {
        cause,
      },
    );
  }
}
