// A local network: regions and workers, each its own workerd process on its own loopback port. State (keys, ports,
// storage of the regions) lives in one folder and survives a restart.

import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { NetworkError } from "./errors.ts";
import { type Member, type MemberPlan, startMember } from "./member.ts";
import { planRegions, planWorkers, type Vice, type WorkerPlan } from "./members.ts";
import { markProcesses, stopOrphans } from "./orphans.ts";
import { describeNetwork, planMembers, rememberPorts } from "./plan.ts";
import { buildPrograms, type Program, type ProgramName } from "./program.ts";
import { publishHourly, publishRecords } from "./publication.ts";
import { claimNetwork, type RunningNetwork, writeNetwork } from "./running.ts";

/**
 * Each has fresh ports wherever one was taken; to lose this race more often, something must be taking ports on purpose.
 */
const MAX_START_ATTEMPTS = 3;

export interface NetworkOptions {
  /** Folder of wrangler.toml. */
  readonly root: string;
  /** Folder for keys, ports and storage. */
  readonly state: string;
  /** Folder of model artifacts, with models.json. */
  readonly artifacts: string;
  readonly regions: number;
  readonly workers: number;
  /** Vices of the first workers. */
  readonly cast: readonly Vice[];
  log(line: string): void;
}

export interface Network extends RunningNetwork {
  /** Stops one region or worker by name; the others go on. */
  stopMember(name: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts everything and returns once each worker's record is in every region. On failure nothing is left running.
 * Throws NetworkError, and CliError file_unwritable.
 */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { state, artifacts, log } = options;
  const workers = planWorkers(options.workers, options.cast);
  const regions = planRegions(options.regions);
  await access(join(artifacts, "models.json")).catch((cause: unknown) => {
    const message = `no model artifact is in ${artifacts}; make it with \`npm run build\``;
    throw new NetworkError("artifact_missing", message, { cause });
  });
  await mkdir(state, { recursive: true, mode: 0o700 });

  const release = await claimNetwork(state);
  const members = new Map<string, Member>();
  const stop = async () => {
    const running = [...members.values()];
    members.clear();
    await Promise.all(running.map((member) => member.stop()));
    await release();
  };
  try {
    const orphans = await stopOrphans(state);
    if (orphans > 0) log(`stopped ${orphans} processes that a killed network had left`);
    const network = await startOnFreePorts(regions, workers, options, members);
    await publishRecords(network, members);
    log(`${regions.length} regions have the records of ${workers.length} workers`);
    await writeNetwork(state, network);
    const stopPublishing = publishHourly(network, members, log);
    return {
      ...network,
      async stopMember(name) {
        const member = members.get(name);
        if (member === undefined) throw new RangeError(`name: no member "${name}" is running`);
        members.delete(name);
        await member.stop();
      },
      async stop() {
        stopPublishing();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Fills `members`. A port that was free when it was chosen can be taken before workerd has it: then others are chosen.
 */
async function startOnFreePorts(
  regions: readonly string[],
  workers: readonly WorkerPlan[],
  options: NetworkOptions,
  members: Map<string, Member>,
): Promise<RunningNetwork> {
  const { root, state, log } = options;
  for (let attempt = 1; ; attempt++) {
    const ports = await rememberPorts(state, [...regions, ...workers.map((worker) => worker.name)]);
    const network = await describeNetwork(state, regions, workers, ports);
    const plans = await planMembers(state, network);
    const names = [...new Set(plans.map((plan) => plan.program))];
    const programs = await buildPrograms({ root, names, log });
    log(`starting ${regions.length} regions and ${workers.length} workers`);
    try {
      await startMembers(plans, programs, options, members);
      return network;
    } catch (error) {
      const taken = error instanceof NetworkError && error.code === "port_unavailable";
      if (!taken || attempt === MAX_START_ATTEMPTS) throw error;
      log("a port was taken meanwhile; starting again on others");
      await Promise.all([...members.values()].map((member) => member.stop()));
      members.clear();
    }
  }
}

/** Fills `members` as they come up, so that after a failure the caller can stop those that did. */
async function startMembers(
  plans: readonly MemberPlan[],
  programs: ReadonlyMap<ProgramName, Program>,
  options: NetworkOptions,
  members: Map<string, Member>,
): Promise<void> {
  const surroundings = { ...options, environment: await markProcesses(options.state) };
  const starts = plans.map(async (plan) => {
    members.set(plan.name, await startMember(plan, programs.get(plan.program)!, surroundings));
  });
  // Waits for all of them even if one fails: a member that is still starting could not be stopped.
  for (const outcome of await Promise.allSettled(starts)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}
