// One region or worker of a local network: one workerd process with its own port, variables and storage.

import { join } from "node:path";
import type { SourcelessWorkerOptions } from "wrangler";
import { NetworkError } from "./errors.ts";
import { LOOPBACK } from "./ports.ts";
import type { Program, ProgramName } from "./program.ts";

export interface MemberPlan {
  readonly name: string;
  readonly program: ProgramName;
  /** Loopback origin that it listens on. */
  readonly url: string;
  /** Values for variables and secrets of the environment. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface Member {
  readonly name: string;
  readonly url: string;
  /** Runs the `scheduled` handler, as the cron trigger does when deployed. False if it threw. */
  runScheduled(): Promise<boolean>;
  stop(): Promise<void>;
}

export interface MemberSurroundings {
  readonly root: string;
  /** Folder of the network's state; storage of the member goes below it. */
  readonly state: string;
  /** Folder of model artifacts. */
  readonly artifacts: string;
  /** On top of this process's environment. */
  readonly environment: Readonly<Record<string, string>>;
  log(line: string): void;
}

/** The origin of a member that listens on `port`. */
export function memberUrl(port: number): string {
  return `http://${LOOPBACK}:${port}`;
}

/** Throws NetworkError port_unavailable if its port was taken, member_failed if workerd does not come up otherwise. */
export async function startMember(
  plan: MemberPlan,
  program: Program,
  { root, state, artifacts, environment, log }: MemberSurroundings,
): Promise<Member> {
  // Both are heavy (half a second each), so only a starting network loads them.
  const [{ Miniflare, MiniflareCoreError, Log, LogLevel, convertV4MiniflareOptions }, wrangler] =
    await Promise.all([import("miniflare"), import("wrangler")]);

  const restoreSignals = keepSignals();
  const worker = describeWorker(wrangler, plan, program, { root, artifacts });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: LOOPBACK,
      port: Number(new URL(plan.url).port),
      cf: false,
      unsafeRuntimeEnv: { ...environment },
      resourcePersistencePath: join(state, plan.name, "storage"),
      log: new Log(LogLevel.NONE),
      logRequests: false,
      handleStructuredLogs: ({ level, message }) => {
        if (level === "error" || level === "warn") log(`${plan.name}: ${message}`);
      },
      workers: [worker],
    }),
  );
  restoreSignals();

  try {
    await miniflare.ready;
  } catch (cause) {
    // It says again what kept it from starting.
    await miniflare.dispose().catch(() => {});
    const taken = cause instanceof MiniflareCoreError && cause.code === "ERR_ADDRESS_IN_USE";
    const code = taken ? "port_unavailable" : "member_failed";
    const way = taken
      ? "stop what listens there, or choose another port"
      : "mend what it says, and start again";
    throw new NetworkError(code, `${plan.name} did not start at ${plan.url}: ${cause}; ${way}`, { cause });
  }
  return {
    name: plan.name,
    url: plan.url,
    async runScheduled() {
      const worker = await miniflare.getWorker();
      return (await worker.scheduled({})).outcome === "ok";
    },
    stop: () => miniflare.dispose(),
  };
}

/** What Miniflare is told of one worker: the program as wrangler.toml deploys it, with the variables of the plan. */
export function describeWorker(
  { unstable_getMiniflareWorkerOptions }: typeof import("wrangler"),
  plan: MemberPlan,
  program: Program,
  { root, artifacts }: Pick<MemberSurroundings, "root" | "artifacts">,
) {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(root, "wrangler.toml"), plan.program);
  const { modulesRules: _bundled, ...options } = workerOptions;
  return {
    ...options,
    ...withArtifacts(options, artifacts),
    name: plan.program,
    modulesRoot: program.directory,
    modules: program.modules.map((module) => ({ ...module })),
    bindings: { ...(options.bindings as Record<string, unknown>), ...plan.variables },
  };
}

/**
 * Wrangler and Miniflare end the process on a signal, before a network could be stopped and its lock released. Where
 * somebody listens for a signal already, what it means is theirs to say: the returned function removes the listeners
 * that came since. Otherwise they stay, so that no workerd is left behind.
 */
function keepSignals(): () => void {
  // Nothing may await between the two calls, or listeners of others would be removed.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const known = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  return () => {
    for (const [signal, kept] of known) {
      const added = process.listeners(signal).filter((listener) => !kept.includes(listener));
      if (kept.length > 0) for (const listener of added) process.removeListener(signal, listener);
    }
  };
}

/** The assets of wrangler.toml, taken from another folder; nothing for a program without assets. */
function withArtifacts({ assets }: SourcelessWorkerOptions, directory: string) {
  return assets === undefined ? {} : { assets: { ...(assets as Record<string, unknown>), directory } };
}
