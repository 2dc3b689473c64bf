// An inference worker on Bun: `bun workers/adapters/bun.ts`, with the variables of docs/operating.md and PORT, HOST.

import { startProcess } from "./process.ts";

/** The part of Bun that is used here. */
declare const Bun: {
  readonly env: Readonly<Record<string, string | undefined>>;
  file(path: string | URL): { exists(): Promise<boolean>; stream(): ReadableStream<Uint8Array> };
};

const app = await startProcess({
  variables: Bun.env,
  root: new URL("../../", import.meta.url),
  compile: WebAssembly.compile,
  async open(path) {
    const file = Bun.file(path);
    return (await file.exists()) ? file.stream() : null;
  },
});

export default {
  port: Number(Bun.env.PORT ?? 8080),
  hostname: Bun.env.HOST ?? "127.0.0.1",
  fetch: (request: Request) => app.fetch(request, () => {}),
};
