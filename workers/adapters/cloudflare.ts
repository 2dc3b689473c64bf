// What the inference workers on Cloudflare, or on workerd anywhere, have in common: bindings, and one app an isolate.

import type { SealingStore } from "../../durable-objects/sealing-store.ts";
import { loadModel } from "../../engine/index.ts";
import digestsJson from "../../wasm/digests.json" with { type: "json" };
import kernels from "../../wasm/kernels.wasm";
import type { InferenceApp, InferenceOptions } from "../inference/app.ts";
import { infer } from "../inference/infer.ts";
import { report, WEB_OPTIONS } from "./web.ts";

export interface Environment extends Record<string, unknown> {
  readonly ASSETS: Fetcher;
  readonly VERSION: WorkerVersionMetadata;
  readonly SealingStore: DurableObjectNamespace<SealingStore>;
}

/** The handlers of an inference worker. `create` is called once an isolate, with what the platform gives. */
export function createHandlers(
  create: (options: InferenceOptions) => Promise<InferenceApp>,
): ExportedHandler<Environment> {
  let app: InferenceApp | null = null;
  // Only the finished app is kept: a pending promise belongs to the request that began it.
  const getApp = async (env: Environment): Promise<InferenceApp> => {
    if (app !== null) return app;
    const created = await create(readOptions(env));
    app ??= created;
    return app;
  };
  return {
    async fetch(request, env, context) {
      const { fetch } = await getApp(env);
      return fetch(request, (promise) => context.waitUntil(promise));
    },
    async scheduled(_controller, env, context) {
      try {
        const { publish } = await getApp(env);
        await publish((promise) => context.waitUntil(promise));
      } catch (error) {
        // Reported here too: a local workerd says only that the handler failed.
        report(error);
        throw error;
      }
    },
  };
}

/** A worker has one: its isolates share the keys that its record names. */
const STORE_NAME = "sealing-store";

function readOptions({ ASSETS, VERSION, SealingStore, ...variables }: Environment): InferenceOptions {
  return {
    ...WEB_OPTIONS,
    variables,
    artifacts: {
      async open(path) {
        // Only the path matters to the binding.
        const response = await ASSETS.fetch(`https://assets.invalid/${path}`);
        return response.ok ? response.body : null;
      },
    },
    kernels,
    // Bundled as text by a rule of wrangler.toml, which TypeScript does not know.
    digestsJson: digestsJson as unknown as string,
    loadModel,
    infer,
    // A stub for each call: one belongs to the request that made it.
    sealingStore: {
      seedOf: async (period) => SealingStore.getByName(STORE_NAME).seedOf(period),
      claim: async (name, deadline) => SealingStore.getByName(STORE_NAME).claim(name, deadline),
    },
    startedAt: Date.parse(VERSION.timestamp),
  };
}
