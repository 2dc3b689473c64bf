// Who can be asked: the union of what several regions list. A region can leave workers out; it cannot invent one.

import { type Bytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import { type PolicyCode, type RegistryCode, TransportError } from "../protocol/errors.ts";
import { CBOR_MEDIA_TYPE, RECORDS_PATH } from "../protocol/http.ts";
import { MAX_REGION_RESPONSE_BYTES } from "../protocol/limits.ts";
import { checkEndpoint, isLocalTarget } from "../protocol/names.ts";
import { type OpenedRecord, openRecord } from "../protocol/record.ts";
import { decodeRecordList } from "../protocol/record-list.ts";
import type { Clock } from "./clock.ts";
import { describeError, type Failure, type FailureCode } from "./failure.ts";
import { exchange, type Fetch } from "./transport.ts";

/** Looked at even where the answer came at the last moment: some 50 ms of signatures. */
const MIN_CHECKED_RECORDS = 16;

/** A region's part in the directory. A failure is data: the other regions make up for it. */
export type RegionReport =
  | {
      readonly region: string;
      readonly outcome: "listed";
      readonly records: number;
      readonly unchecked: number; // of the records: the deadline came before their turn, and they are not used
      readonly elapsedMs: number; // until the list was there
    }
  | (Failure & { readonly region: string; readonly outcome: "failed"; readonly elapsedMs: number });

/** A record that was listed and is not used. */
export interface RefusedRecord extends Refusal {
  readonly region: string; // the first that listed it
}

interface Refusal extends Omit<Failure, "code"> {
  readonly code:
    | FailureCode
    | Extract<RegistryCode, "record_conflict">
    | Extract<PolicyCode, "local_endpoint_refused">;
}

/** Whom a client can ask, and how it came to know them. */
export interface Directory {
  readonly records: readonly OpenedRecord[]; // one for each worker key, the newest
  readonly regions: readonly RegionReport[]; // in the order they were given
  readonly refused: readonly RefusedRecord[];
}

interface DirectoryOptions {
  readonly regions: readonly string[]; // origins
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly deadlineMs: number; // for everything: for the lists to come and for their records to be verified
}

/**
 * Asks all regions at once, and verifies each distinct record once. Every region's records are verified one after
 * another, beside those of the others, so a region that lists a thousand takes no more of the time than one that
 * lists ten. Throws TransportError `regions_unreachable` if none listed anything, DecodeError `text_malformed` for a
 * region that is not an origin.
 */
export async function fetchDirectory(options: DirectoryOptions): Promise<Directory> {
  const { regions, clock, deadlineMs } = options;
  if (regions.length === 0) throw new RangeError("fetchDirectory: regions is empty");
  for (const region of regions) checkEndpoint(region, "a region");
  const deadline = clock.now() + deadlineMs;
  const opener = new RecordOpener(clock);
  const answers = await Promise.all(
    regions.map((region) => askRegion(region, { ...options, deadline, opener })),
  );
  const reports = answers.map(({ report }) => report);
  const failures = reports.filter((report) => report.outcome === "failed");
  if (failures.length === reports.length)
    throw new TransportError("regions_unreachable", describeFailure(reports), {
      cause: failures.find(({ cause }) => cause !== null)?.cause,
    });
  return { ...mergeRecords(answers), regions: reports };
}

interface RegionAnswer {
  readonly region: string;
  readonly report: RegionReport;
  readonly records: readonly CheckedRecord[]; // in the order in which they were listed
}

/** A listed record that holds, or why it does not. */
type CheckedRecord =
  | { readonly name: string; readonly opened: OpenedRecord; readonly refusal: null }
  | { readonly name: string; readonly opened: null; readonly refusal: Refusal };

async function askRegion(
  region: string,
  options: DirectoryOptions & { readonly deadline: number; readonly opener: RecordOpener },
): Promise<RegionAnswer> {
  const { fetch, clock, deadline, opener } = options;
  const start = clock.now();
  try {
    const body = await exchange({
      fetch,
      clock,
      url: `${region}${RECORDS_PATH}`,
      body: null,
      accept: CBOR_MEDIA_TYPE,
      maxBytes: MAX_REGION_RESPONSE_BYTES,
      deadline,
      signal: null,
    });
    const listed = decodeRecordList(body);
    const elapsedMs = clock.now() - start;
    const records: CheckedRecord[] = [];
    for (const bytes of listed) {
      if (records.length >= MIN_CHECKED_RECORDS && clock.now() >= deadline) break;
      records.push(await opener.open(bytes));
    }
    const counts = { records: listed.length, unchecked: listed.length - records.length };
    return { region, records, report: { region, outcome: "listed", ...counts, elapsedMs } };
  } catch (error) {
    const elapsedMs = clock.now() - start;
    return { region, records: [], report: { region, outcome: "failed", ...describeError(error), elapsedMs } };
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

/** Opens records, each distinct one once, however many regions list it. Never throws. Lives for one directory. */
class RecordOpener {
  readonly #clock: Clock;
  readonly #checked = new Map<string, Promise<CheckedRecord>>(); // by hex of the bytes

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(bytes: Bytes): Promise<CheckedRecord> {
    const name = formatHex(bytes);
    const known = this.#checked.get(name);
    if (known !== undefined) return known;
    const checked = openRecord(bytes, { now: this.#clock.now() }).then(
      (opened): CheckedRecord => ({ name, opened, refusal: null }),
      (error: unknown): CheckedRecord => ({ name, opened: null, refusal: describeError(error) }),
    );
    this.#checked.set(name, checked);
    return checked;
  }
}

/** Newest `seq` wins; two contents under one `seq` are a fault of the key, and neither is used. */
function mergeRecords(answers: readonly RegionAnswer[]): Pick<Directory, "records" | "refused"> {
  const seen = new Set<string>(); // records that were looked at, from near and from far
  const refused: RefusedRecord[] = [];
  const newest = new Map<string, OpenedRecord | null>(); // by worker key; null where two contents share a seq
  const topSeq = new Map<string, number>();
  for (const { region, records } of answers)
    for (const checked of records) {
      const name = `${isLocalTarget(region)} ${checked.name}`;
      if (seen.has(name)) continue;
      seen.add(name);
      const { opened } = checked;
      const refusal = opened === null ? checked.refusal : refuseLocal(opened, region);
      if (opened === null || refusal !== null) {
        if (refusal !== null) refused.push({ region, ...refusal });
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
        refused.push({ region, code: "record_conflict", detail, cause: null });
      }
    }
  return { records: [...newest.values()].filter((record) => record !== null), refused };
}

function isSame(kept: OpenedRecord | null | undefined, other: OpenedRecord): boolean {
  return kept !== null && kept !== undefined && equalBytes(kept.digest, other.digest);
}

/** Policy: a region out there may not send requests to services on this machine or in the network around it. */
function refuseLocal({ record }: OpenedRecord, region: string): Refusal | null {
  if (isLocalTarget(region) || !record.endpoints.some(isLocalTarget)) return null;
  return {
    code: "local_endpoint_refused",
    detail: `the record of ${record.operator} points into this machine or network, and the region is elsewhere`,
    cause: null,
  };
}
