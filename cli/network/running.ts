// What a running network leaves for others to find: `lock` (held by one process) and `network.json`.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { checkEndpoint } from "../../protocol/names.ts";
import { createPrivateFile, readTextIfPresent, writeWholeFile } from "../files.ts";
import { NetworkError } from "./errors.ts";
import { parseVice, type WorkerPlan } from "./members.ts";
import { formatState, readArray, readNumber, readObject, readStateFile, readText } from "./state-file.ts";

/** Of network.json. */
const VERSION = 1;
/** The highest process number that any kernel gives. */
const MAX_PID = 2 ** 31 - 1;

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
  readonly version: typeof VERSION;
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
      `a network is running here already (process ${holder}); stop it first, set QUORATE_STATE to another folder for a ` +
        `second one, or remove ${path} if that process is something else`,
    );
  }
  // Left by a process that was killed.
  if (holder !== null) await rm(path, { force: true });
  // Whoever sees the lock sees its holder: it appears with its content.
  if (!(await createPrivateFile(path, `${process.pid}\n`))) {
    throw new NetworkError("network_running", `another process took ${path} just now; try again later`);
  }
  held.add(path);
  return async () => {
    await rm(join(state, "network.json"), { force: true });
    await rm(path, { force: true });
    held.delete(path);
  };
}

/** Lets others find the network. For the holder of the lock. */
export async function writeNetwork(state: string, network: RunningNetwork): Promise<void> {
  await writeWholeFile(join(state, "network.json"), formatState(network));
}

/** The network that runs with this state folder. Throws NetworkError network_not_running, state_damaged. */
export async function readNetwork(state: string): Promise<RunningNetwork> {
  const network = await readStateFile(join(state, "network.json"), parseNetwork);
  if (network !== null && isAlive(network.pid)) return network;
  throw new NetworkError("network_not_running", `no network runs at ${state}; start one with npm start`);
}

/** Throws TypeError, DecodeError (endpoints) and NetworkError (vices) for what writeNetwork does not write. */
function parseNetwork(value: unknown): RunningNetwork {
  const { version, pid, regions, workers } = readObject(value, "the network");
  if (version !== VERSION) throw new TypeError(`version is ${version}, not ${VERSION}`);
  return {
    version,
    pid: readNumber(pid, "pid", MAX_PID),
    regions: readArray(regions, "regions").map(parseRegion),
    workers: readArray(workers, "workers").map(parseWorker),
  };
}

function parseRegion(value: unknown): RunningRegion {
  const { name, url } = readObject(value, "a region");
  return { name: readText(name, "name"), url: checkEndpoint(readText(url, "url"), "url") };
}

function parseWorker(value: unknown): RunningWorker {
  const { operator, provider, region, vice, key } = readObject(value, "a worker");
  return {
    ...parseRegion(value),
    operator: readText(operator, "operator"),
    provider: readText(provider, "provider"),
    region: readText(region, "region"),
    vice: vice === null ? null : parseVice(readText(vice, "vice")),
    key: readText(key, "key"),
  };
}

/** Process that holds the lock; null where there is no lock, 0 where it names no process. */
async function readHolder(path: string): Promise<number | null> {
  const text = await readTextIfPresent(path);
  return text === null ? null : /^\d{1,10}\n$/.test(text) ? Number(text) : 0;
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
