// Folders of artifacts that differ from the built ones.

import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ARTIFACTS_FOLDER } from "../../cli/state.ts";
import { encodeManifest, type Model } from "../../engine/index.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { digest } from "../../protocol/digest.ts";

/** A copy of the built artifacts; the caller removes it. */
export async function copyArtifacts(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "quorate-artifact-"));
  await cp(ARTIFACTS_FOLDER, folder, { recursive: true });
  return folder;
}

/** Adds a model that computes what `model` does under another name, and so under another digest, which is returned. */
export async function addTwin(folder: string, model: Model, name: string): Promise<Bytes> {
  const manifest = encodeManifest({ ...model.manifest, name });
  const twin = await digest("manifest", manifest);
  await cp(join(folder, formatHex(model.digest)), join(folder, formatHex(twin)), { recursive: true });
  await writeFile(join(folder, formatHex(twin), "manifest.cbor"), manifest);
  const path = join(folder, "models.json");
  const index = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...index, [name]: { digest: formatHex(twin) } }));
  return twin;
}
