// A local network as a whole: it starts, is found, survives restarts, and leaves nothing behind when it fails.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { cp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { NetworkError, type NetworkErrorCode } from "../../cli/network/errors.ts";
import type { Member } from "../../cli/network/member.ts";
import { parseVice, planWorkers } from "../../cli/network/members.ts";
import type { Network } from "../../cli/network/network.ts";
import { stopOrphans } from "../../cli/network/orphans.ts";
import { rememberPorts } from "../../cli/network/plan.ts";
import { PUBLISH_INTERVAL_MS, publishHourly } from "../../cli/network/publication.ts";
import {
  claimNetwork,
  type RunningNetwork,
  type RunningWorker,
  readNetwork,
} from "../../cli/network/running.ts";
import { ARTIFACTS_FOLDER } from "../../cli/state.ts";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { HEALTH_PATH, RECORDS_PATH } from "../../protocol/http.ts";
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
  const response = await fetch(`${region}${RECORDS_PATH}`);
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
  await assert.rejects(readNetwork(state), coded("network_not_running", /npm start/));
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

test("a port that somebody takes between choice and start is replaced", async () => {
  const rival = createServer().unref();
  let lost = 0;
  const lines: string[] = [];
  const network = await startTestNetwork(state, {
    regions: 1,
    workers: 1,
    log(line) {
      lines.push(line);
      if (!line.startsWith("starting") || rival.listening) return;
      lost = JSON.parse(readFileSync(join(state, "ports.json"), "utf8")).alder;
      rival.listen(lost, "127.0.0.1");
    },
  });
  await stopped(network, async () => {
    assert.ok(lost > 0);
    assert.ok(lines.includes("a port was taken meanwhile; starting again on others"), lines.join());
    assert.notEqual(network.workers[0]!.url, `http://127.0.0.1:${lost}`);
    assert.deepEqual(await listKeys(network.regions[0]!.url), [network.workers[0]!.key]);
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

test("a damaged state file is named with the way out, and nothing of it is believed", async () => {
  const network = { version: 1, pid: process.pid, regions: [], workers: [] };
  const region = { name: "north", url: "http://127.0.0.1:1" };
  const worker = { ...region, operator: "a.example", provider: "b", region: "c", vice: null, key: "d" };
  const damagedNetworks = [
    "",
    "{",
    "null",
    "[]",
    { ...network, version: 2 },
    { ...network, pid: "1" },
    { ...network, pid: 0 },
    { ...network, pid: 2 ** 40 },
    { ...network, regions: {} },
    { ...network, regions: [null] },
    { ...network, regions: [{ ...region, url: "over there" }] },
    { ...network, regions: [{ ...region, name: 1 }] },
    { ...network, workers: [region] },
    { ...network, workers: [{ ...worker, vice: "angry" }] },
  ];
  const path = join(state, "network.json");
  for (const damaged of damagedNetworks) {
    await writeFile(path, typeof damaged === "string" ? damaged : JSON.stringify(damaged));
    const expected = coded("state_damaged", /network\.json is damaged .*; .*remove the file/);
    await assert.rejects(readNetwork(state), expected, JSON.stringify(damaged));
  }
  const whole = { ...network, regions: [region], workers: [worker] };
  await writeFile(path, JSON.stringify(whole));
  assert.deepEqual(await readNetwork(state), whole);

  for (const damaged of ["", "{", "null", "[1]", '{"alder":"1"}', '{"alder":0}', '{"alder":65536}']) {
    await writeFile(join(state, "ports.json"), damaged);
    const expected = coded("state_damaged", /ports\.json is damaged .*; .*remove the file/);
    await assert.rejects(rememberPorts(state, ["alder"]), expected, damaged);
    assert.equal(await readFile(join(state, "ports.json"), "utf8"), damaged);
  }
});

test("a lock that names no process is taken over", async () => {
  for (const text of ["", "soon\n", "-1\n", "12.5\n", "99999999999999\n"]) {
    await writeFile(join(state, "lock"), text);
    const release = await claimNetwork(state);
    await release();
  }
});

test("the processes of a killed network are stopped at the next start, and no others", async () => {
  const program = `
    import { startTestNetwork } from ${JSON.stringify(new URL("../support/network.ts", import.meta.url))};
    const network = await startTestNetwork(${JSON.stringify(state)}, { regions: 1, workers: 1 });
    console.log(JSON.stringify([...network.regions, ...network.workers].map(({ url }) => url)));
  `;
  const path = join(state, "program.mjs");
  await writeFile(path, program);
  const child = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [said] = await once(child.stdout, "data");
  const urls = JSON.parse(String(said)) as string[];
  child.kill("SIGKILL");
  await exited;
  const answers = () =>
    Promise.all(
      urls.map(async (url) => {
        const response = await fetch(`${url}${HEALTH_PATH}`).catch(() => null);
        await response?.arrayBuffer();
        return response !== null;
      }),
    );
  assert.deepEqual(await answers(), [true, true], "they outlive it");

  const other = await createStateFolder();
  try {
    assert.equal(await stopOrphans(other), 0);
    assert.deepEqual(await answers(), [true, true], "they belong to another network");
  } finally {
    await rm(other, { recursive: true });
  }
  const network = await startTestNetwork(state, { regions: 1, workers: 1 });
  await stopped(network, async () => {
    const again = [...network.regions, ...network.workers].map(({ url }) => url);
    assert.deepEqual(again, urls, "their ports were free");
  });
  assert.deepEqual(await answers(), [false, false]);
});

test("a worker that died does not end the hourly publication of the others", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const lines: string[] = [];
  const published: string[] = [];
  const member = (name: string, run: () => Promise<boolean>): [string, Member] => [
    name,
    { name, url: "", runScheduled: run, stop: async () => {} },
  ];
  const members = new Map([
    member("alder", () => Promise.reject(new Error("workerd is gone"))),
    member("birch", async () => false),
    member("cedar", async () => published.push("cedar") > 0),
  ]);
  const workers = ["alder", "birch", "cedar", "stopped"].map((name) => ({ name }) as RunningWorker);
  const network: RunningNetwork = { version: 1, pid: process.pid, regions: [], workers };
  const stop = publishHourly(network, members, (line) => lines.push(line));
  t.mock.timers.tick(PUBLISH_INTERVAL_MS);
  await new Promise(setImmediate);
  stop();
  assert.deepEqual(published, ["cedar"]);
  assert.deepEqual(lines.sort(), [
    "alder: its record was not published: Error: workerd is gone",
    "birch: its record was not published",
  ]);
});

test("the cast takes the places of the first workers, and only known vices are cast", () => {
  assert.deepEqual(
    planWorkers(3, ["lying", "slow"]).map((worker) => worker.vice),
    ["lying", "slow", null],
  );
  assert.throws(() => planWorkers(1, ["lying", "slow"]), coded("cast_too_large", /does not fit/));
  assert.throws(() => parseVice("angry"), coded("vice_unknown", /lying, subtle, colluding/));
});
