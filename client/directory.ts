// Who can be asked: the union of what several regions list. A region can leave workers out; it cannot invent one.

import { type Bytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import {
  type DecodeCode,
  DecodeError,
  type PolicyCode,
  type RegistryCode,
  type TransportCode,
  TransportError,
  type VerificationCode,
  VerificationError,
} from "../protocol/errors.ts";
import { CBOR_MEDIA_TYPE, RECORDS_PATH } from "../protocol/http.ts";
import { MAX_REGION_RESPONSE_BYTES } from "../protocol/limits.ts";
import { checkEndpoint, isLoopback } from "../protocol/names.ts";
import { type OpenedRecord, openRecord } from "../protocol/record.ts";
import { decodeRecordList } from "../protocol/record-list.ts";
import type { Clock } from "./clock.ts";
import { exchange, type Fetch } from "./transport.ts";

/** A region's part in the directory. A failure is data: the other regions make up for it. */
export type RegionReport =
  | {
      readonly region: string;
      readonly outcome: "listed";
      readonly records: number;
      readonly elapsedMs: number;
    }
  | {
      readonly region: string;
      readonly outcome: "failed";
      readonly code: TransportCode | DecodeCode;
      readonly detail: string;
      readonly elapsedMs: number;
    };

/** A record that was listed and is not used. */
export interface RefusedRecord {
  readonly region: string; // the first that listed it
  readonly code:
    | DecodeCode
    | VerificationCode
    | Extract<RegistryCode, "record_conflict">
    | Extract<PolicyCode, "loopback_refused">;
  readonly detail: string;
}

/** Whom a client can ask, and how it came to know them. */
export interface Directory {
  readonly records: readonly OpenedRecord[]; // one for each worker key, the newest
  readonly regions: readonly RegionReport[]; // in the order they were given
  readonly refused: readonly RefusedRecord[];
}

/**
 * Asks all regions at once. Each distinct record is verified once. Throws TransportError `regions_unreachable` if
 * none listed anything, DecodeError `text_malformed` for a region that is not an origin.
 */
export async function fetchDirectory(options: {
  readonly regions: readonly string[]; // origins
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly deadlineMs: number; // for each region
}): Promise<Directory> {
  const { regions, clock } = options;
  if (regions.length === 0) throw new RangeError("fetchDirectory: regions is empty");
  for (const region of regions) checkEndpoint(region, "a region");
  const answers = await Promise.all(regions.map((region) => askRegion(region, options)));
  if (answers.every(({ report }) => report.outcome === "failed"))
    throw new TransportError("regions_unreachable", describeFailure(answers.map(({ report }) => report)));
  const { records, refused } = await mergeRecords(answers, clock.now());
  return { records, regions: answers.map(({ report }) => report), refused };
}

interface RegionAnswer {
  readonly region: string;
  readonly report: RegionReport;
  readonly records: readonly Bytes[];
}

async function askRegion(
  region: string,
  options: { readonly fetch: Fetch; readonly clock: Clock; readonly deadlineMs: number },
): Promise<RegionAnswer> {
  const { fetch, clock, deadlineMs } = options;
  const start = clock.now();
  try {
    const body = await exchange({
      fetch,
      clock,
      url: `${region}${RECORDS_PATH}`,
      body: null,
      accept: CBOR_MEDIA_TYPE,
      maxBytes: MAX_REGION_RESPONSE_BYTES,
      deadline: start + deadlineMs,
      signal: null,
    });
    const records = decodeRecordList(body);
    const elapsedMs = clock.now() - start;
    return { region, records, report: { region, outcome: "listed", records: records.length, elapsedMs } };
  } catch (error) {
    if (!(error instanceof TransportError || error instanceof DecodeError)) throw error;
    const { code, message: detail } = error;
    const elapsedMs = clock.now() - start;
    return { region, records: [], report: { region, outcome: "failed", code, detail, elapsedMs } };
  }
}

function describeFailure(reports: readonly RegionReport[]): string {
  const each = reports.map(
    (report) => `${report.region} (${report.outcome === "failed" ? report.code : "empty"})`,
  );
  return (
    `no region answered: ${each.join(", ")}; ` +
    "check the addresses and the network, name another region, or start a network of your own"
  );
}

/** Newest `seq` wins; two contents under one `seq` are a fault of the key, and neither is used. */
async function mergeRecords(
  answers: readonly RegionAnswer[],
  now: number,
): Promise<{ readonly records: OpenedRecord[]; readonly refused: RefusedRecord[] }> {
  const seen = new Set<string>(); // hex of records that were looked at
  const refused: RefusedRecord[] = [];
  const newest = new Map<string, OpenedRecord | null>(); // by worker key; null where two contents share a seq
  const topSeq = new Map<string, number>();
  for (const { region, records } of answers)
    for (const bytes of records) {
      const name = `${isLoopback(region)} ${formatHex(bytes)}`;
      if (seen.has(name)) continue;
      seen.add(name);
      const opened = await openListed(bytes, region, now);
      if ("code" in opened) {
        refused.push(opened);
        continue;
      }
      const key = formatHex(opened.record.workerKey);
      const top = topSeq.get(key) ?? -1;
      if (opened.record.seq > top) {
        topSeq.set(key, opened.record.seq);
        newest.set(key, opened);
      } else if (opened.record.seq === top && !isSame(newest.get(key), opened)) {
        newest.set(key, null);
        const detail = `the worker ${key} signed two records with seq ${top}; it is not asked until it signs a newer one`;
        refused.push({ region, code: "record_conflict", detail });
      }
    }
  return { records: [...newest.values()].filter((record) => record !== null), refused };
}

function isSame(kept: OpenedRecord | null | undefined, other: OpenedRecord): boolean {
  return kept !== null && kept !== undefined && equalBytes(kept.digest, other.digest);
}

async function openListed(bytes: Bytes, region: string, now: number): Promise<OpenedRecord | RefusedRecord> {
  try {
    const opened = await openRecord(bytes, { now });
    // Policy: a region out there may not send requests to services on this machine.
    if (opened.record.endpoints.some(isLoopback) && !isLoopback(region))
      return {
        region,
        code: "loopback_refused",
        detail: `the record of ${opened.record.operator} points to this machine, and the region is elsewhere`,
      };
    return opened;
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof VerificationError)) throw error;
    return { region, code: error.code, detail: error.message };
  }
}
