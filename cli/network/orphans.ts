// Processes that a network left behind when it was killed and could not stop them. Linux only: elsewhere none is found.

import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Names the network in the environment of each process that it starts. */
const MARK = "QUORATE_NETWORK";
/** The kernel ends a killed process in milliseconds. */
const END_DEADLINE_MS = 5_000;
const POLL_INTERVAL_MS = 20;

/** What the processes of the network in `state` get into their environment, to be found by. */
export async function markProcesses(state: string): Promise<Record<string, string>> {
  return { [MARK]: await realpath(state) };
}

/**
 * Ends what an earlier network in `state` left running; gives how many. For the holder of the network's lock alone:
 * nobody else can have processes there. A process that is not workerd, or of another state folder, is left alone.
 */
export async function stopOrphans(state: string): Promise<number> {
  const mark = `${MARK}=${await realpath(state)}`;
  const found = await findOrphans(mark);
  for (const pid of found) process.kill(pid, "SIGKILL");
  const deadline = Date.now() + END_DEADLINE_MS;
  // Its port is free once the last thread of a process has ended, which is after it has lost its name.
  while (!(await haveEnded(found)) && Date.now() < deadline) await delay(POLL_INTERVAL_MS);
  return found.length;
}

async function haveEnded(pids: readonly number[]): Promise<boolean> {
  return (await Promise.all(pids.map(hasEnded))).every((ended) => ended);
}

/** Gone, or nothing but zombies that somebody has still to ask about. */
async function hasEnded(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const states = threads.map((thread) =>
    readFile(`/proc/${pid}/task/${thread}/stat`, "utf8").catch(() => ") Z"),
  );
  // proc(5): the state follows the name, which stands in parentheses and may hold any character.
  return (await Promise.all(states)).every((stat) => /^\) [ZX]/.test(stat.slice(stat.lastIndexOf(")"))));
}

async function findOrphans(mark: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  const isOrphan = await Promise.all(pids.map((pid) => isMarked(pid, mark)));
  return pids.filter((_, index) => isOrphan[index]);
}

/** False for what cannot be read: it is somebody else's, or gone. */
async function isMarked(pid: number, mark: string): Promise<boolean> {
  try {
    const program = basename(await readlink(`/proc/${pid}/exe`));
    if (program !== "workerd") return false;
    const environment = await readFile(`/proc/${pid}/environ`, "utf8");
    return environment.split("\0").includes(mark);
  } catch {
    return false;
  }
}
