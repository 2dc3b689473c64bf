// What a running network leaves for others to find: `lock` (held by one process) and `network.json`.

import { link, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NetworkError } from "./error.ts";
import { readFileIfPresent, writeFileAtomically } from "./files.ts";
import type { WorkerPlan } from "./members.ts";

export interface RunningRegion {
  readonly name: string;
  readonly url: string;
}

export interface RunningWorker extends WorkerPlan {
  readonly url: string;
  /** Public worker key, base64url. */
  readonly key: string;
}

export interface RunningNetwork {
  readonly version: 1;
  readonly pid: number;
  readonly regions: readonly RunningRegion[];
  readonly workers: readonly RunningWorker[];
}

/** Locks that this process holds. In a container a new process may have the number of the one that was killed. */
const held = new Set<string>();

/** Takes the lock of `state` and gives the function that releases it. Throws NetworkError network_running. */
export async function claimNetwork(state: string): Promise<() => Promise<void>> {
  const path = join(state, "lock");
  const holder = await readHolder(path);
  if (held.has(path) || (holder !== null && holder !== process.pid && isAlive(holder))) {
    throw new NetworkError(
      "network_running",
      `a network is running here already (process ${holder}): stop it first, or remove ${path} if that process is something else`,
    );
  }
  // Left by a process that was killed.
  if (holder !== null) await rm(path, { force: true });
  await createLock(path);
  held.add(path);
  return async () => {
    await rm(join(state, "network.json"), { force: true });
    await rm(path, { force: true });
    held.delete(path);
  };
}

/** Written aside and linked: whoever sees the lock sees its holder, and of two that try one succeeds. */
async function createLock(path: string): Promise<void> {
  const draft = `${path}.${process.pid}`;
  try {
    await writeFile(draft, `${process.pid}\n`, { mode: 0o600 });
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new NetworkError("network_running", `another process took ${path} just now`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
}

export async function writeNetwork(state: string, network: RunningNetwork): Promise<void> {
  await writeFileAtomically(join(state, "network.json"), `${JSON.stringify(network, null, 2)}\n`, 0o644);
}

/** The network that runs with this state folder. Throws NetworkError network_not_running. */
export async function readNetwork(state: string): Promise<RunningNetwork> {
  const text = await readFileIfPresent(join(state, "network.json"));
  // Written by writeNetwork alone, whole or not at all.
  const network = text === null ? null : (JSON.parse(text) as RunningNetwork);
  if (network === null || !isAlive(network.pid)) {
    throw new NetworkError(
      "network_not_running",
      `no network runs at ${state}: start one with \`quorate up\``,
    );
  }
  return network;
}

/** Process that holds the lock; null where there is none, or none that can be read. */
async function readHolder(path: string): Promise<number | null> {
  const text = await readFileIfPresent(path);
  return text === null ? null : Number.parseInt(text, 10) || 0;
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
