// Makes the workers of a local network publish their records, and sees them arrive in the regions.

import { setTimeout as delay } from "node:timers/promises";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { HEALTH_PATH, RECORDS_PATH } from "../../protocol/http.ts";
import { openRecord } from "../../protocol/record.ts";
import { decodeRecordList } from "../../protocol/record-list.ts";
import { NetworkError } from "./errors.ts";
import type { Member } from "./member.ts";
import { isFound } from "./members.ts";
import type { RunningNetwork, RunningRegion } from "./running.ts";

/** How long a new record may take to be in every region. Publishing takes well under a second. */
const PUBLISH_DEADLINE_MS = 30_000;
const POLL_INTERVAL_MS = 50;
/** As the cron trigger of wrangler.toml: Miniflare does not run cron triggers by itself. */
export const PUBLISH_INTERVAL_MS = 3_600_000;

/** Throws NetworkError record_not_published with the worker's own words for it. */
export async function publishRecords(
  network: RunningNetwork,
  members: ReadonlyMap<string, Member>,
): Promise<void> {
  const publications = network.workers.map(async ({ name, url }) => {
    if (await members.get(name)!.runScheduled()) return;
    const health = await (await fetch(`${url}${HEALTH_PATH}`)).text();
    throw new NetworkError(
      "record_not_published",
      `${name} published no record: ${health}; mend that, and start again`,
    );
  });
  await Promise.all(publications);
  const deadline = Date.now() + PUBLISH_DEADLINE_MS;
  await Promise.all(network.regions.map((region) => awaitRecords(region, network, deadline)));
}

async function awaitRecords(region: RunningRegion, network: RunningNetwork, deadline: number): Promise<void> {
  for (;;) {
    const keys = await listRecordKeys(region.url);
    const absent = network.workers
      .filter(({ key, vice }) => isFound(vice) && !keys.has(key))
      .map((worker) => worker.name);
    if (absent.length === 0) return;
    if (Date.now() > deadline) {
      throw new NetworkError(
        "record_not_published",
        `region ${region.name} has no record of ${absent.join(", ")} after ${PUBLISH_DEADLINE_MS / 1000} s; start again`,
      );
    }
    await delay(POLL_INTERVAL_MS);
  }
}

/** Keys (base64url) of the live records of a region. */
async function listRecordKeys(url: string): Promise<Set<string>> {
  const response = await fetch(`${url}${RECORDS_PATH}`);
  const records = decodeRecordList(new Uint8Array(await response.arrayBuffer()));
  const opened = records.map((bytes) => openRecord(bytes, { now: Date.now() }));
  return new Set((await Promise.all(opened)).map(({ record }) => formatBase64Url(record.workerKey)));
}

/** Publishes every hour while the network runs. Gives the function that ends it. */
export function publishHourly(
  network: RunningNetwork,
  members: ReadonlyMap<string, Member>,
  log: (line: string) => void,
): () => void {
  const timer = setInterval(() => {
    for (const { name } of network.workers) void publishAgain(name, members.get(name), log);
  }, PUBLISH_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Never throws: a worker that has died does not end the network, nor keep others from publishing. */
async function publishAgain(
  name: string,
  member: Member | undefined,
  log: (line: string) => void,
): Promise<void> {
  try {
    if ((await member?.runScheduled()) === false) log(`${name}: its record was not published`);
  } catch (error) {
    log(`${name}: its record was not published: ${error}`);
  }
}
