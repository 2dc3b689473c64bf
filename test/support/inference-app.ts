// An inference worker's app in this process, with the real artifacts and kernels.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { ARTIFACTS_FOLDER, PROJECT_ROOT } from "../../cli/state.ts";
import { loadModel, type Model } from "../../engine/index.ts";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { WEB_OPTIONS } from "../../workers/adapters/web.ts";
import { createInferenceApp, type InferenceApp, type InferenceOptions } from "../../workers/inference/app.ts";
import { infer } from "../../workers/inference/infer.ts";
import { createMemorySealingStore } from "../../workers/inference/sealing-store.ts";
import { createTestWorker } from "./records.ts";

export interface AppOptions extends Partial<InferenceOptions> {
  /** The worker's, and its domain is `<name>.example`. */
  readonly name: string;
  readonly startedAt: number;
  clock(): number;
  /** Puts another model in place of each that is loaded. */
  change?(loaded: Model): Model;
}

/**
 * `variables` go over those of a worker in a meadow that takes plain requests; they must name MODELS. What nobody
 * expected fails the test.
 */
export async function createTestApp({
  name,
  change = (loaded) => loaded,
  variables,
  ...options
}: AppOptions): Promise<InferenceApp> {
  const worker = await createTestWorker(name, `${name}.example`, options.startedAt);
  return createInferenceApp({
    ...WEB_OPTIONS,
    artifacts: {
      open: async (path) =>
        Readable.toWeb(createReadStream(join(ARTIFACTS_FOLDER, path))) as ReadableStream<Uint8Array>,
    },
    kernels: await readKernels(),
    digestsJson: await readFile(join(PROJECT_ROOT, "wasm/digests.json"), "utf8"),
    loadModel: async (given) => change(await loadModel(given)),
    infer,
    report: (error) => assert.fail(String(error)),
    sealingStore: createMemorySealingStore({ ...WEB_OPTIONS, clock: options.clock }),
    ...options,
    variables: {
      WORKER_KEY: formatBase64Url(worker.secretKey),
      DELEGATION: formatBase64Url(worker.record().delegation),
      ENDPOINT: `https://${name}.example`,
      PROVIDER: "meadow",
      REGION: "eu-north",
      ACCEPT_PLAIN: "1",
      ...variables,
    },
  });
}
