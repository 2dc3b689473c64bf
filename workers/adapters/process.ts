// What inference workers that run as an ordinary process have in common: configuration from environment variables,
// and publication at the start and by a timer. Reading files and listening differ, and stay in each adapter.

import { loadModel } from "../../engine/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { createInferenceApp, type InferenceApp } from "../inference/app.ts";
import { infer } from "../inference/infer.ts";
import { checkKernels } from "../inference/kernels.ts";
import { PUBLISH_INTERVAL_MS } from "../inference/limits.ts";
import { createMemorySealingStore } from "../inference/sealing-store.ts";
import type { Variables } from "../inference/settings.ts";
import { report, WEB_OPTIONS } from "./web.ts";

export interface Process {
  readonly variables: Variables;
  /** The folder of the project: wasm/ is below it. */
  readonly root: URL;
  /** A file as a stream; null if there is none. Relative paths are relative to the working folder. */
  open(path: string | URL): Promise<ReadableStream<Uint8Array> | null>;
  compile(bytes: Bytes): Promise<WebAssembly.Module>;
}

const DEFAULT_ARTIFACTS = ".quorate/artifacts";

/** An app that publishes itself now and every hour. Throws TypeError for settings that cannot work. */
export async function startProcess({ variables, root, open, compile }: Process): Promise<InferenceApp> {
  const read = async (path: string): Promise<Bytes> =>
    new Uint8Array(await new Response(await open(new URL(path, root))).arrayBuffer());
  const digestsJson = new TextDecoder().decode(await read("wasm/digests.json"));
  const kernels = await read("wasm/kernels.wasm");
  await checkKernels(kernels, digestsJson);
  const folder = typeof variables.ARTIFACTS === "string" ? variables.ARTIFACTS : DEFAULT_ARTIFACTS;
  const app = await createInferenceApp({
    ...WEB_OPTIONS,
    variables,
    artifacts: { open: (path) => open(`${folder}/${path}`) },
    kernels: await compile(kernels),
    digestsJson,
    loadModel,
    infer,
    startedAt: Date.now(),
    sealingStore: createMemorySealingStore(WEB_OPTIONS),
  });
  void publish(app);
  setInterval(() => publish(app), PUBLISH_INTERVAL_MS);
  return app;
}

async function publish(app: InferenceApp): Promise<void> {
  try {
    await app.publish(() => {});
  } catch (error) {
    // A worker that cannot serve goes on: /healthz says why, and nobody finds it.
    report(error);
  }
}
