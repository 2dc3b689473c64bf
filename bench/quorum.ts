// What a quorum costs: latency of asking more workers, and of one that is slow, by the shipped client over HTTP from a
// real local network; CPU is this process's, all of which is the client's. Then one of its workers under load.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadArtifact, readEngineDigest } from "../cli/artifacts/artifacts.ts";
import { startNetwork } from "../cli/network/network.ts";
import { ARTIFACTS_FOLDER, PROJECT_ROOT } from "../cli/state.ts";
import { type Answer, askQuorum, createSystemClock, fetchDirectory } from "../client/index.ts";
import { utf8 } from "../protocol/bytes.ts";
import { parsePolicy } from "../protocol/policy-file.ts";
import type { OpenedRecord } from "../protocol/record.ts";
import { benchCertificates } from "./certificates.ts";
import { benchEvidence } from "./evidence.ts";
import { benchLoad } from "./load.ts";
import { judge, quantile, type Row } from "./report.ts";
import { createRequest } from "./requests.ts";
import { benchSealing } from "./sealing.ts";

const MODEL = "moderate-mobilenet-v2";
const DEADLINE_MS = 20_000;
/** How long the client listens for contradiction where a worker is slow: it is in the time of that row. */
const SETTLE_MS = 100;
const SIZES = [1, 3, 5, 7] as const;
/** Seven honest ones and the slow one, which has the first place. */
const WORKERS = 8;

/** Runs of each row after the warm-up. */
export interface Effort {
  readonly count: number;
  readonly warmUp: number;
}

export async function benchQuorum(effort: Effort = { count: 41, warmUp: 5 }): Promise<Row[]> {
  const state = await mkdtemp(join(tmpdir(), "quorate-bench-"));
  try {
    const network = await startNetwork({
      ...{ root: PROJECT_ROOT, state, artifacts: ARTIFACTS_FOLDER },
      ...{ regions: 1, workers: WORKERS, cast: ["slow"], log: () => {} },
    });
    try {
      const [slow, ...honest] = network.workers;
      const clock = createSystemClock();
      const regions = network.regions.map(({ url }) => url);
      const { records } = await fetchDirectory({
        ...{ regions, fetch, clock, deadlineMs: DEADLINE_MS, verificationMs: DEADLINE_MS, purpose: null },
        random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      });
      const find = (operator: string) => records.find(({ record }) => record.operator === operator)!;
      const seated = honest.map(({ operator }) => find(operator));
      return [
        ...(await benchSizes(seated, effort)),
        ...(await benchSlow([find(slow!.operator), ...seated.slice(0, 2)], effort)),
        ...(await benchLoad(honest[0]!.url, effort)),
        ...(await benchEvidence(effort)),
        ...(await benchSealing(effort)),
        ...(await benchCertificates(effort)),
      ];
    } finally {
      await network.stop();
    }
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

/** All of n operators asked, all of them needed. */
async function benchSizes(records: readonly OpenedRecord[], effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of SIZES) {
    const ask = await createAsk(records.slice(0, size), size);
    rows.push(...describe(`${size} asked, ${size} needed`, await measure(ask, effort)));
  }
  return rows;
}

async function benchSlow(records: readonly OpenedRecord[], effort: Effort): Promise<Row[]> {
  const ask = await createAsk(records, 2);
  return describe(`3 asked, 2 needed, 1 slow, ${SETTLE_MS} ms to settle`, await measure(ask, effort));
}

/** One question to all of `records`, of which `accept` must agree. */
async function createAsk(records: readonly OpenedRecord[], accept: number): Promise<() => Promise<Answer>> {
  const policy = await parsePolicy(utf8(`quorum ${accept}\nask ${records.length}\nplain yes\n`));
  const model = await loadArtifact(MODEL, "simd128");
  const options = {
    ...{ policy, records, model: model.digest, engine: await readEngineDigest() },
    ...{ inputs: [createRequest("u8", [1, 224, 224, 3])], deadlineMs: DEADLINE_MS, settleMs: SETTLE_MS },
    ...{ clock: createSystemClock(), fetch, rerun: null, near: null, reputation: new Map() },
    random: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
  };
  return () => askQuorum(options);
}

interface Measured {
  readonly times: readonly number[]; // milliseconds, sorted
  readonly cpuMs: number; // of this process, on average
}

async function measure(ask: () => Promise<Answer>, { count, warmUp }: Effort): Promise<Measured> {
  for (let run = 0; run < warmUp; run++) await ask();
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let run = 0; run < count; run++) {
    const start = performance.now();
    await ask();
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  return { times: times.sort((a, b) => a - b), cpuMs: (user + system) / 1000 / count };
}

function describe(name: string, { times, cpuMs }: Measured): Row[] {
  return [
    judge(`${name}, median`, quantile(times, 0.5), "ms", null, null),
    judge(`${name}, p95`, quantile(times, 0.95), "ms", null, null),
    judge(`${name}, CPU of the client`, cpuMs, "ms", null, null),
  ];
}
