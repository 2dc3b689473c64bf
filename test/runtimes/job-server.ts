// Serves one job to one runtime over loopback: the program as a page, the kernels, the artifacts; takes the outcome.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { ARTIFACTS_FOLDER, PROJECT_ROOT } from "../../cli/state.ts";
import { bundle } from "./bundle.ts";
import { ARTIFACTS_PATH, JOB_PATH, type Job, KERNELS_PATH, OUTCOME_PATH, type Outcome } from "./job.ts";

export interface JobServer {
  readonly origin: string;
  /** Resolves when the runtime has posted it. */
  readonly outcome: Promise<Outcome>;
  close(): Promise<void>;
}

const PROGRAM_PATH = "/program.js";
const PAGE = `<!doctype html><title>Quorate</title><script type="module" src="${PROGRAM_PATH}"></script>`;
const ARTIFACT = /^\/[0-9a-f]{64}\/(manifest\.cbor|\d+\.bin)$/;

interface Body {
  readonly type: string;
  readonly bytes: string | Uint8Array;
}

export async function serveJob(job: Job): Promise<JobServer> {
  const outcome = Promise.withResolvers<Outcome>();
  const answer = async ({ method, url = "/" }: IncomingMessage, body: () => Promise<string>) => {
    if (method === "POST" && url === OUTCOME_PATH) {
      outcome.resolve(JSON.parse(await body()));
      return { type: "text/plain", bytes: "" };
    }
    return method === "GET" ? find(url, job) : null;
  };
  const server = createServer((request, response) => {
    answer(request, async () => String(await buffer(request))).then(
      (found) => {
        response.writeHead(found === null ? 404 : 200, { "content-type": found?.type ?? "text/plain" });
        response.end(found?.bytes);
      },
      (error: unknown) => {
        outcome.reject(error);
        response.destroy();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    outcome: outcome.promise,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function find(url: string, job: Job): Promise<Body | null> {
  if (url === "/") return { type: "text/html", bytes: PAGE };
  if (url === PROGRAM_PATH) return { type: "text/javascript", bytes: await bundle("golden-page.ts") };
  if (url === JOB_PATH) return { type: "application/json", bytes: JSON.stringify(job) };
  if (url === KERNELS_PATH) {
    return { type: "application/wasm", bytes: await readFile(join(PROJECT_ROOT, "wasm/kernels.wasm")) };
  }
  const path = url.startsWith(ARTIFACTS_PATH) ? url.slice(ARTIFACTS_PATH.length) : "";
  if (!ARTIFACT.test(path)) return null;
  return { type: "application/octet-stream", bytes: await readFile(join(ARTIFACTS_FOLDER, path)) };
}
