// A page in Chromium, driven over its own debugging protocol: files are chosen as a person chooses them.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findMissing } from "../runtimes/installed.ts";

const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  "--remote-debugging-port=0",
];

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly request?: { readonly url: string } };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface Page extends AsyncDisposable {
  /** What the page asked for, its own file included. */
  readonly requests: readonly string[];
  /** Resolves to the value of a promise or an expression, as JSON carries it. */
  evaluate<T>(expression: string): Promise<T>;
  chooseFiles(selector: string, paths: readonly string[]): Promise<void>;
  /** In pixels, of what is seen; the page lays itself out anew. */
  setWidth(width: number): Promise<void>;
  /** A PNG. */
  capture(): Promise<Buffer>;
}

/** Opens one page. Whoever opens it disposes of it, and Chromium ends. */
export async function openPage(url: string): Promise<Page> {
  const missing = await findMissing("chromium");
  if (missing !== null) throw new Error(missing);
  const profile = await mkdtemp(join(tmpdir(), "quorate-page-"));
  const child = spawn("chromium", [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const end = async () => {
    child.kill("SIGKILL");
    await closed;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const socket = await connect(await findPage(await readOrigin(child.stderr)));
    const requests: string[] = [];
    const waiting = new Map<number, (answer: Answer) => void>();
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.method === "Network.requestWillBeSent") requests.push(answer.params!.request!.url);
      waiting.get(answer.id ?? -1)?.(answer);
    });
    let last = 0;
    const send = async <T>(method: string, params: object = {}): Promise<T> => {
      const id = ++last;
      const { promise, resolve } = Promise.withResolvers<Answer>();
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
      const { result, error } = await promise;
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result as T;
    };
    await send("Network.enable");
    await send("Page.enable");
    const loaded = new Promise<void>((resolve) => {
      socket.addEventListener("message", ({ data }) => {
        if ((JSON.parse(String(data)) as Answer).method === "Page.loadEventFired") resolve();
      });
    });
    await send("Page.navigate", { url });
    await loaded;
    return {
      requests,
      async evaluate<T>(expression: string) {
        const { result, exceptionDetails } = await send<{
          readonly result: { readonly value: T };
          readonly exceptionDetails?: object;
        }>("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
        if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
        return result.value;
      },
      async chooseFiles(selector, files) {
        const { result } = await send<{ readonly result: { readonly objectId: string } }>(
          "Runtime.evaluate",
          {
            expression: `document.querySelector(${JSON.stringify(selector)})`,
          },
        );
        await send("DOM.setFileInputFiles", { files, objectId: result.objectId });
      },
      async setWidth(width) {
        const screen = { width, height: 900, deviceScaleFactor: 1, mobile: false };
        await send("Emulation.setDeviceMetricsOverride", screen);
      },
      async capture() {
        const options = { captureBeyondViewport: true };
        return Buffer.from(
          (await send<{ readonly data: string }>("Page.captureScreenshot", options)).data,
          "base64",
        );
      },
      async [Symbol.asyncDispose]() {
        socket.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The address that Chromium says on starting. */
async function readOrigin(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const origin = /DevTools listening on ws:\/\/([^/]+)\//.exec(line)?.[1];
    if (origin !== undefined) {
      output.resume();
      return `http://${origin}`;
    }
  }
  throw new Error("chromium ended before it said where it listens");
}

async function findPage(origin: string): Promise<string> {
  const targets = (await (await fetch(`${origin}/json/list`)).json()) as {
    readonly type: string;
    readonly webSocketDebuggerUrl: string;
  }[];
  return targets.find(({ type }) => type === "page")!.webSocketDebuggerUrl;
}

async function connect(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error(`chromium does not answer at ${url}`)));
  });
  return socket;
}
