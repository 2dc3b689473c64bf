// A local network as a whole: it starts, is found, survives restarts, and leaves nothing behind when it fails.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { NetworkError, type NetworkErrorCode } from "../../cli/network/error.ts";
import { parseVice, planWorkers } from "../../cli/network/members.ts";
import type { Network } from "../../cli/network/network.ts";
import { claimNetwork, readNetwork } from "../../cli/network/running.ts";
import { ARTIFACTS_FOLDER } from "../../cli/state.ts";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { openRecord } from "../../protocol/record.ts";
import { decodeRecordList } from "../../protocol/record-list.ts";
import { createStateFolder, startTestNetwork } from "../support/network.ts";

let state: string;
beforeEach(async () => {
  state = await createStateFolder();
});
afterEach(() => rm(state, { recursive: true, force: true }));

function coded(code: NetworkErrorCode, message: RegExp) {
  return (error: unknown) =>
    error instanceof NetworkError && error.code === code && message.test(error.message);
}

async function listKeys(region: string): Promise<string[]> {
  const response = await fetch(`${region}/v1/records`);
  const records = decodeRecordList(new Uint8Array(await response.arrayBuffer()));
  const opened = await Promise.all(records.map((bytes) => openRecord(bytes, { now: Date.now() })));
  return opened.map(({ record }) => formatBase64Url(record.workerKey)).sort();
}

async function stopped<T>(network: Network, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await network.stop();
  }
}

test("five operators of four providers are in both regions when the network is up", async () => {
  const network = await startTestNetwork(state);
  await stopped(network, async () => {
    const keys = network.workers.map((worker) => worker.key).sort();
    for (const region of network.regions) assert.deepEqual(await listKeys(region.url), keys);
    assert.equal(new Set(network.workers.map((worker) => worker.operator)).size, 5);
    assert.ok(new Set(network.workers.map((worker) => worker.provider)).size >= 4);
    const { stopMember: _stopMember, stop: _stop, ...described } = network;
    assert.deepEqual(await readNetwork(state), described);
  });
  await assert.rejects(readNetwork(state), coded("network_not_running", /quorate up/));
});

test("keys, addresses and the records of a region survive a restart", async () => {
  const first = await startTestNetwork(state, { regions: 1, workers: 2 });
  await stopped(first, async () => {});
  const second = await startTestNetwork(state, { regions: 1, workers: 1 });
  await stopped(second, async () => {
    assert.deepEqual(second.regions, first.regions);
    assert.deepEqual(second.workers[0], first.workers[0]);
    // birch is not running: its record can only be there because the region kept it.
    assert.deepEqual(
      await listKeys(second.regions[0]!.url),
      first.workers.map((worker) => worker.key).sort(),
    );
  });
});

test("secret keys are readable by their owner alone", async () => {
  const network = await startTestNetwork(state, { regions: 1, workers: 1 });
  await network.stop();
  for (const name of ["worker.key", "operator.key"]) {
    assert.equal((await stat(join(state, "alder", name))).mode & 0o777, 0o600);
  }
});

test("a second network on the same state is refused while the first one runs", async () => {
  const network = await startTestNetwork(state, { regions: 1, workers: 1 });
  await stopped(network, async () => {
    await assert.rejects(startTestNetwork(state), coded("network_running", new RegExp(`${process.pid}`)));
    assert.deepEqual(
      (await readNetwork(state)).workers,
      network.workers,
      "the first one is still to be found",
    );
  });
});

test("a lock that a killed process left is taken over", async () => {
  const { pid: ended } = spawnSync(process.execPath, ["--version"]);
  // A container that is started again may give the same number to the new process.
  for (const pid of [ended, process.pid]) {
    await writeFile(join(state, "lock"), `${pid}\n`);
    const release = await claimNetwork(state);
    assert.equal(await readFile(join(state, "lock"), "utf8"), `${process.pid}\n`);
    await release();
  }
});

test("a process that listens for a signal gets to stop its network", async () => {
  const program = `
    import { startTestNetwork } from ${JSON.stringify(new URL("../support/network.ts", import.meta.url))};
    const stop = new Promise((resolve) => process.once("SIGTERM", resolve));
    const network = await startTestNetwork(${JSON.stringify(state)}, { regions: 1, workers: 1 });
    console.log("up");
    await stop;
    await network.stop();
    console.log("down");
  `;
  const path = join(state, "program.mjs");
  await writeFile(path, program);
  const child = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let said = "";
  for await (const data of child.stdout) {
    said += data;
    if (said === "up\n") child.kill("SIGTERM");
  }
  assert.deepEqual(await exited, [0, null]);
  assert.equal(said, "up\ndown\n");
  assert.ok(!(await readdir(state)).includes("lock"));
});

test("a port that somebody else took is replaced", async () => {
  const first = await startTestNetwork(state, { regions: 1, workers: 1 });
  await stopped(first, async () => {
    const other = await createStateFolder();
    await cp(join(state, "ports.json"), join(other, "ports.json"));
    const second = await startTestNetwork(other, { regions: 1, workers: 1 });
    await second.stop();
    await rm(other, { recursive: true });
    assert.notEqual(second.regions[0]!.url, first.regions[0]!.url);
  });
});

test("a corrupted weight chunk stops the start, is named, and leaves nothing running", async () => {
  const artifacts = join(state, "artifacts");
  await cp(ARTIFACTS_FOLDER, artifacts, { recursive: true });
  for (const folder of await readdir(artifacts, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    const path = join(artifacts, folder.name, "0.bin");
    const bytes = await readFile(path);
    bytes[12_345]! ^= 1;
    await writeFile(path, bytes);
  }
  await assert.rejects(
    startTestNetwork(state, { regions: 1, workers: 2, artifacts }),
    coded("record_not_published", /chunk_corrupt.*chunk 0 /),
  );
  await assert.rejects(readNetwork(state), coded("network_not_running", /./));
  const network = await startTestNetwork(state, { regions: 1, workers: 1 });
  await network.stop();
});

test("a start without artifacts says how to make them", async () => {
  const artifacts = join(state, "nothing");
  await assert.rejects(startTestNetwork(state, { artifacts }), coded("artifact_missing", /npm run build/));
});

test("a key file that was damaged is named, not replaced", async () => {
  const network = await startTestNetwork(state, { regions: 1, workers: 1 });
  await network.stop();
  await writeFile(join(state, "alder", "worker.key"), "damaged\n");
  await assert.rejects(
    startTestNetwork(state, { regions: 1, workers: 1 }),
    coded("key_unreadable", /alder\/worker\.key/),
  );
});

test("the cast takes the places of the first workers, and only known vices are cast", () => {
  assert.deepEqual(
    planWorkers(3, ["lying", "slow"]).map((worker) => worker.vice),
    ["lying", "slow", null],
  );
  assert.throws(() => planWorkers(1, ["lying", "slow"]), coded("cast_too_large", /does not fit/));
  assert.throws(() => parseVice("angry"), coded("vice_unknown", /lying, silent, slow/));
});
