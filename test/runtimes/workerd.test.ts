// On workerd: one bundled module, and the kernels compiled before it starts.

import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { PROJECT_ROOT } from "../../cli/state.ts";
import { bundle } from "./bundle.ts";
import { testRuntime } from "./suite.ts";

testRuntime({
  name: "workerd",
  emulated: false,
  missing: async () => null,
  async start(origin) {
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        cf: false,
        log: new Log(LogLevel.NONE),
        workers: [
          {
            name: "golden",
            compatibilityDate: "2026-10-01",
            modulesRoot: PROJECT_ROOT,
            // The bundle takes the place of its source, from where its import of the kernels is relative.
            modules: [
              {
                type: "ESModule",
                path: join(PROJECT_ROOT, "test/runtimes/golden-worker.js"),
                contents: await bundle("golden-worker.ts"),
              },
              { type: "CompiledWasm", path: join(PROJECT_ROOT, "wasm/kernels.wasm") },
            ],
          },
        ],
      }),
    );
    const answered = miniflare.dispatchFetch("http://golden.invalid/", { method: "POST", body: origin });
    const ended = answered.then(async (response) => {
      // The outcome was posted before a good answer is given.
      if (response.ok) return new Promise<never>(() => {});
      throw new Error(`workerd: ${response.status} ${await response.text()}`);
    });
    ended.catch(() => {});
    return { ended, stop: () => miniflare.dispose() };
  },
});
