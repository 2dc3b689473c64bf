// A local network in a folder of its own, and the client's side of it.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Vice } from "../../cli/network/members.ts";
import { type Network, type NetworkOptions, startNetwork } from "../../cli/network/network.ts";
import { ARTIFACTS_FOLDER, PROJECT_ROOT } from "../../cli/state.ts";

/** The caller removes it. */
export function createStateFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "quorate-network-"));
}

/** Two regions and five workers, unless told otherwise. */
export function startTestNetwork(state: string, changes: Partial<NetworkOptions> = {}): Promise<Network> {
  return startNetwork({
    root: PROJECT_ROOT,
    state,
    artifacts: ARTIFACTS_FOLDER,
    regions: 2,
    workers: 5,
    cast: [],
    log: () => {},
    ...changes,
  });
}

/** Runs `use` with a network of its own, and leaves nothing behind. */
export async function withNetwork(
  cast: readonly Vice[],
  use: (network: Network) => Promise<void>,
): Promise<void> {
  const state = await createStateFolder();
  try {
    const network = await startTestNetwork(state, { cast });
    try {
      await use(network);
    } finally {
      await network.stop();
    }
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}
