// An inference worker on Deno: `deno serve --allow-net --allow-read --allow-env workers/adapters/deno.ts`, with the
// variables of docs/operating.md.

import { startProcess } from "./process.ts";

/** The part of Deno that is used here. */
declare const Deno: {
  readonly env: { toObject(): Readonly<Record<string, string>> };
  open(path: string | URL): Promise<{ readonly readable: ReadableStream<Uint8Array> }>;
  readonly errors: { readonly NotFound: new () => Error };
};

const app = await startProcess({
  variables: Deno.env.toObject(),
  root: new URL("../../", import.meta.url),
  compile: WebAssembly.compile,
  async open(path) {
    try {
      return (await Deno.open(path)).readable;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  },
});

export default { fetch: (request: Request) => app.fetch(request, () => {}) };
