// One inference worker on each runtime, each as its operator would run it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NetworkError } from "../../cli/network/errors.ts";
import { memberUrl, startMember } from "../../cli/network/member.ts";
import { choosePorts } from "../../cli/network/ports.ts";
import { buildPrograms, type ProgramName } from "../../cli/network/program.ts";
import { PROJECT_ROOT } from "../../cli/state.ts";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { HEALTH_PATH } from "../../protocol/http.ts";
import { createTestWorker } from "./records.ts";
import { MODEL_NAME } from "./requests.ts";
import { waitUntil } from "./wait.ts";

export const RUNTIMES = ["workerd", "node", "deno", "bun"] as const;
export type Runtime = (typeof RUNTIMES)[number];

export interface Running {
  readonly url: string;
  /** Publishes the record: on workerd by the cron trigger's handler, elsewhere the start has done it. */
  publish(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Starting takes less than 2 s; the rest is for a busy machine. */
const START_DEADLINE_MS = 30_000;

/** To lose the race for a port more often, something must be taking ports on purpose. */
const MAX_START_ATTEMPTS = 3;

/** `artifacts` is a folder; `regions` are origins; `variables` go on top. Ready to answer when it returns. */
export function startWorker(
  runtime: Runtime,
  options: {
    readonly artifacts: string;
    readonly regions: readonly string[];
    readonly variables?: Readonly<Record<string, string>>;
  },
): Promise<Running> {
  const name = `${runtime}-worker`;
  return startOnFreePort(name, async (url) => {
    const worker = await createTestWorker(name, `${runtime}.example`, Date.now());
    const variables = {
      WORKER_KEY: formatBase64Url(worker.secretKey),
      DELEGATION: formatBase64Url(worker.record().delegation),
      ENDPOINT: url,
      PROVIDER: runtime,
      REGION: "test",
      REGIONS: options.regions.join(" "),
      MODELS: MODEL_NAME,
      ...options.variables,
    };
    if (runtime === "workerd") return startOnWorkerd("worker", url, variables, options.artifacts);
    return startProcess(runtime, url, { ...variables, ARTIFACTS: options.artifacts });
  });
}

/** An empty region on workerd. */
export function startRegion(): Promise<Running> {
  return startOnFreePort("region", (url) => startOnWorkerd("region", url, {}, PROJECT_ROOT));
}

/** A port that was free when it was chosen can be taken before the runtime has it: then another one is chosen. */
async function startOnFreePort(name: string, start: (url: string) => Promise<Running>): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    const { [name]: port } = await choosePorts([name], {});
    try {
      return await start(memberUrl(port!));
    } catch (error) {
      const taken = error instanceof NetworkError && error.code === "port_unavailable";
      if (!taken || attempt === MAX_START_ATTEMPTS) throw error;
    }
  }
}

async function startOnWorkerd(
  program: ProgramName,
  url: string,
  variables: Readonly<Record<string, string>>,
  artifacts: string,
): Promise<Running> {
  const state = await mkdtemp(join(tmpdir(), "quorate-test-"));
  const log = () => {};
  const programs = await buildPrograms({ root: PROJECT_ROOT, names: [program], log });
  const remove = () => rm(state, { recursive: true, force: true });
  const member = await startMember({ name: program, program, url, variables }, programs.get(program)!, {
    root: PROJECT_ROOT,
    state,
    artifacts,
    environment: {},
    log,
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    url,
    publish: () => member.runScheduled(),
    async stop() {
      await member.stop();
      await remove();
    },
  };
}

const COMMANDS: Readonly<
  Record<Exclude<Runtime, "workerd">, (port: string) => [command: string, ...string[]]>
> = {
  node: () => [process.execPath, "workers/adapters/node.ts"],
  deno: (port) => [
    join(PROJECT_ROOT, "node_modules/@deno/linux-x64-glibc/deno"),
    ...["serve", "--port", port, "--host", "127.0.0.1", "--allow-net", "--allow-read", "--allow-env"],
    "workers/adapters/deno.ts",
  ],
  bun: () => [join(PROJECT_ROOT, "node_modules/@oven/bun-linux-x64/bin/bun"), "workers/adapters/bun.ts"],
};

/** What Node and Bun, and what Deno say of a port that somebody else has. */
const TAKEN = /EADDRINUSE|AddrInUse/;

async function startProcess(
  runtime: Exclude<Runtime, "workerd">,
  url: string,
  variables: Readonly<Record<string, string>>,
): Promise<Running> {
  const { port } = new URL(url);
  const [command, ...parameters] = COMMANDS[runtime](port);
  const child = spawn(command, parameters, {
    cwd: PROJECT_ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DENO_NO_UPDATE_CHECK: "1",
      PORT: port,
      ...variables,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr!.on("data", (data: Buffer) => {
    said += data;
  });
  const stop = () => stopChild(child);
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  try {
    await waitUntil(async () => !isAlive() || (await answers(url)), START_DEADLINE_MS);
    if (!isAlive()) throw new Error("it ended");
  } catch (error) {
    await stop();
    const code = TAKEN.test(said) ? "port_unavailable" : "member_failed";
    throw new NetworkError(code, `${runtime} did not start: ${said}`, { cause: error });
  }
  return { url, publish: async () => true, stop };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}${HEALTH_PATH}`).catch(() => null);
  await response?.arrayBuffer();
  return response !== null;
}
