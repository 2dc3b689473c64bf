// What each process of a local network gets: its port, its keys and its variables.

import { join } from "node:path";
import { type Bytes, formatBase64Url } from "../../protocol/bytes.ts";
import { signDelegation } from "../../protocol/delegation.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { writeWholeFile } from "../files.ts";
import { NetworkError } from "./errors.ts";
import { loadOrCreateSecretKey } from "./keys.ts";
import { type MemberPlan, memberUrl } from "./member.ts";
import { isFound, type WorkerPlan } from "./members.ts";
import { choosePorts } from "./ports.ts";
import type { RunningNetwork, RunningWorker } from "./running.ts";
import { formatState, readNumber, readObject, readStateFile } from "./state-file.ts";

/** Signed anew at every start, so it need not outlive a machine that stays up for long. */
const DELEGATION_LIFETIME_SECONDS = 90 * 86_400;

const MAX_PORT = 65_535;

/** A port for each name, the same as at the last start where that is still free. Throws NetworkError state_damaged. */
export async function rememberPorts(
  state: string,
  names: readonly string[],
): Promise<Record<string, number>> {
  const path = join(state, "ports.json");
  const remembered = (await readStateFile(path, parsePorts)) ?? {};
  const ports = await choosePorts(names, remembered);
  await writeWholeFile(path, formatState({ ...remembered, ...ports }));
  return ports;
}

/** Port numbers by name. */
function parsePorts(value: unknown): Record<string, number> {
  const entries = Object.entries(readObject(value, "the list of ports"));
  return Object.fromEntries(entries.map(([name, port]) => [name, readNumber(port, name, MAX_PORT)]));
}

/** What others may know of the network. Makes the workers' keys where they are absent. */
export async function describeNetwork(
  state: string,
  regions: readonly string[],
  workers: readonly WorkerPlan[],
  ports: Readonly<Record<string, number>>,
): Promise<RunningNetwork> {
  const describe = async (worker: WorkerPlan): Promise<RunningWorker> => ({
    ...worker,
    url: memberUrl(ports[worker.name]!),
    key: formatBase64Url(await publicKey(await loadWorkerKey(state, worker.name))),
  });
  return {
    version: 1,
    pid: process.pid,
    regions: regions.map((name) => ({ name, url: memberUrl(ports[name]!) })),
    workers: await Promise.all(workers.map(describe)),
  };
}

/** One plan for each region and each worker, with the keys of the latter. */
export async function planMembers(state: string, network: RunningNetwork): Promise<MemberPlan[]> {
  const regions = network.regions.map(
    ({ name, url }): MemberPlan => ({ name, url, program: "region", variables: {} }),
  );
  const workers = network.workers.map((worker) => planWorker(state, worker, network));
  return [...regions, ...(await Promise.all(workers))];
}

async function planWorker(
  state: string,
  worker: RunningWorker,
  network: RunningNetwork,
): Promise<MemberPlan> {
  const { name, operator, url, provider, region, vice } = worker;
  const workerKey = await loadWorkerKey(state, name);
  // An operator's key lies with the worker that has its name, also for a twin of that worker.
  const operatorKey = await loadOrCreateSecretKey(join(state, operator.split(".")[0]!, "operator.key"));
  const delegation = await signDelegation(
    {
      operator,
      workerKey: await publicKey(workerKey),
      expiresAt: Math.floor(Date.now() / 1000) + DELEGATION_LIFETIME_SECONDS,
    },
    operatorKey,
  );
  return {
    name,
    url,
    program: vice === null ? "worker" : "cast",
    variables: {
      WORKER_KEY: formatBase64Url(workerKey),
      DELEGATION: formatBase64Url(delegation),
      ENDPOINT: url,
      PROVIDER: provider,
      REGION: region,
      REGIONS: network.regions.map((known) => known.url).join(" "),
      ...(vice === null ? {} : { VICE: vice }),
      ...(vice === "copying" ? { COPY_FROM: chooseSource(worker, network) } : {}),
    },
  };
}

/** An honest worker to copy from, the last; where there is none, one that is found at least. */
function chooseSource({ name }: RunningWorker, { workers }: RunningNetwork): string {
  const others = workers.filter((worker) => worker.name !== name && isFound(worker.vice));
  const source = others.findLast(({ vice }) => vice === null) ?? others.at(-1);
  if (source === undefined)
    throw new NetworkError("cast_too_large", `${name} has nobody to copy from; cast fewer`);
  return source.url;
}

function loadWorkerKey(state: string, name: string): Promise<Bytes> {
  return loadOrCreateSecretKey(join(state, name, "worker.key"));
}
