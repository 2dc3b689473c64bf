// Who can be asked: the union of what several regions list. A region can leave workers out; it cannot invent one.

import { type Bytes, equalBytes, formatHex } from "../protocol/bytes.ts";
import { type PolicyCode, type RegistryCode, TransportError } from "../protocol/errors.ts";
import { CBOR_MEDIA_TYPE, RECORDS_PATH } from "../protocol/http.ts";
import { MAX_REGION_RESPONSE_BYTES } from "../protocol/limits.ts";
import { checkEndpoint, isLocalTarget } from "../protocol/names.ts";
import { type OpenedRecord, openRecord, readRecord, type WorkerRecord } from "../protocol/record.ts";
import { decodeRecordList } from "../protocol/record-list.ts";
import type { Clock } from "./clock.ts";
import { describeError, type Failure, type FailureCode } from "./failure.ts";
import { isOfUse, type Purpose } from "./select.ts";
import { exchange, type Fetch } from "./transport.ts";
import { drawVerificationOrder } from "./verification-order.ts";

/** Of each region, however little time there is. */
const MIN_CHECKED_RECORDS = 16;

/** A region's part in the directory. A failure is data: the other regions make up for it. */
export type RegionReport =
  | {
      readonly region: string;
      readonly outcome: "listed";
      readonly records: number;
      readonly unwanted: number; // of the records: of workers that the purpose asks nothing of, left out unverified
      readonly unchecked: number; // of the records: the time was over before their turn, and they are not used
      readonly elapsedMs: number; // until the list was there
    }
  | (Failure & { readonly region: string; readonly outcome: "failed"; readonly elapsedMs: number });

/** A record that was listed and is not used. */
export interface RefusedRecord extends Omit<Failure, "code"> {
  readonly region: string; // the first that listed it
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
  readonly random: (length: number) => Bytes; // a secure source; its bytes choose the order of verification
  readonly purpose: Purpose | null; // whom the questions to come may be asked of; null where all records are wanted
  readonly deadlineMs: number; // for the lists to come
  readonly verificationMs: number; // for their records to be verified, once the lists are there
}

/**
 * Asks all regions at once, leaves out whom the purpose does not ask by what their records say, and verifies each
 * distinct record that is left once, in an order that nobody can foresee. Every region's records are verified one after
 * another, beside those of the others, so a region that lists a thousand takes no more of the time than one that lists
 * ten. Throws TransportError `regions_unreachable` if none listed anything, DecodeError `text_malformed` for a region
 * that is not an origin.
 */
export async function fetchDirectory(options: DirectoryOptions): Promise<Directory> {
  const { regions, clock, deadlineMs, random, purpose } = options;
  if (regions.length === 0) throw new RangeError("fetchDirectory: regions is empty");
  for (const region of regions) checkEndpoint(region, "a region");
  const deadline = clock.now() + deadlineMs;
  const answers = await Promise.all(regions.map((region) => askRegion(region, { ...options, deadline })));
  const failures = answers.filter((answer) => answer.outcome === "failed");
  if (failures.length === answers.length)
    throw new TransportError("regions_unreachable", describeFailures(failures), {
      cause: failures.find(({ cause }) => cause !== null)?.cause,
    });
  const isWanted = createFilter(
    purpose,
    answers.flatMap((answer) => (answer.outcome === "listed" ? answer.records : [])),
  );
  const opener = new RecordOpener(clock);
  const end = clock.now() + options.verificationMs;
  const looked = await Promise.all(
    answers.map(async (answer) => {
      if (answer.outcome === "failed") return { region: answer.region, report: answer, records: [] };
      const { region, elapsedMs } = answer;
      const candidates = answer.records.filter(isWanted);
      const order = drawVerificationOrder(candidates, operatorOf, random);
      const checked = new Map<ListedRecord, CheckedRecord>();
      for (const record of order) {
        if (checked.size >= MIN_CHECKED_RECORDS && clock.now() >= end) break;
        checked.set(record, await opener.open(record));
      }
      const report: RegionReport = {
        ...{ region, outcome: "listed", elapsedMs, records: answer.records.length },
        unwanted: answer.records.length - candidates.length,
        unchecked: candidates.length - checked.size,
      };
      // In the order in which they were listed: nothing behind this depends on the draw.
      const records = candidates.flatMap((record) => checked.get(record) ?? []);
      return { region, report, records };
    }),
  );
  return { ...mergeRecords(looked), regions: looked.map(({ report }) => report) };
}

/** What a region answered: the records as listed, none of them verified, or why there are none. */
type RegionAnswer =
  | {
      readonly region: string;
      readonly outcome: "listed";
      readonly records: readonly ListedRecord[];
      readonly elapsedMs: number;
    }
  | FailedRegion;

type FailedRegion = Extract<RegionReport, { outcome: "failed" }>;

/** `claim` is what the record says; null where that cannot be read. */
interface ListedRecord {
  readonly bytes: Bytes;
  readonly claim: WorkerRecord | null;
}

/** A listed record that holds, or why it does not. */
type CheckedRecord =
  | { readonly name: string; readonly opened: OpenedRecord; readonly objection: null }
  | { readonly name: string; readonly opened: null; readonly objection: Omit<RefusedRecord, "region"> };

async function askRegion(
  region: string,
  options: DirectoryOptions & { readonly deadline: number },
): Promise<RegionAnswer> {
  const { fetch, clock, deadline } = options;
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
    const elapsedMs = clock.now() - start;
    const records = decodeRecordList(body).map((bytes) => ({ bytes, claim: readClaim(bytes) }));
    return { region, outcome: "listed", records, elapsedMs };
  } catch (error) {
    return { region, outcome: "failed", ...describeError(error), elapsedMs: clock.now() - start };
  }
}

function readClaim(bytes: Bytes): WorkerRecord | null {
  try {
    return readRecord(bytes);
  } catch {
    return null; // it is opened in its turn, which says what is wrong
  }
}

/**
 * Which records are verified. By worker key, so that a newer record without the model still puts an end to an older one
 * with it, whichever region has which.
 */
function createFilter(
  purpose: Purpose | null,
  records: readonly ListedRecord[],
): (record: ListedRecord) => boolean {
  if (purpose === null) return () => true;
  const claims = records.flatMap(({ claim }) => claim ?? []);
  const keys = new Set(
    claims.filter((claim) => isOfUse(claim, purpose)).map(({ workerKey }) => formatHex(workerKey)),
  );
  return ({ claim }) => claim === null || keys.has(formatHex(claim.workerKey));
}

function operatorOf({ claim }: ListedRecord): string {
  return claim === null ? "" : formatHex(claim.operatorKey);
}

function describeFailures(failures: readonly FailedRegion[]): string {
  const each = failures.map(({ region, code }) => `${region} (${code})`);
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

  open({ bytes }: ListedRecord): Promise<CheckedRecord> {
    const name = formatHex(bytes);
    const known = this.#checked.get(name);
    if (known !== undefined) return known;
    const checked = openRecord(bytes, { now: this.#clock.now() }).then(
      (opened): CheckedRecord => ({ name, opened, objection: null }),
      (error: unknown): CheckedRecord => ({ name, opened: null, objection: describeError(error) }),
    );
    this.#checked.set(name, checked);
    return checked;
  }
}

/** Newest `seq` wins; two contents under one `seq` are a fault of the key, and neither is used. */
function mergeRecords(
  regions: readonly { readonly region: string; readonly records: readonly CheckedRecord[] }[],
): Pick<Directory, "records" | "refused"> {
  const seen = new Set<string>(); // records that were looked at, from near and from far
  const refused: RefusedRecord[] = [];
  const newest = new Map<string, OpenedRecord | null>(); // by worker key; null where two contents share a seq
  const topSeq = new Map<string, number>();
  for (const { region, records } of regions)
    for (const checked of records) {
      const name = `${isLocalTarget(region)} ${checked.name}`;
      if (seen.has(name)) continue;
      seen.add(name);
      const { opened } = checked;
      const objection = opened === null ? checked.objection : refuseLocal(opened, region);
      if (opened === null || objection !== null) {
        if (objection !== null) refused.push({ region, ...objection });
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
function refuseLocal({ record }: OpenedRecord, region: string): Omit<RefusedRecord, "region"> | null {
  if (isLocalTarget(region) || !record.endpoints.some(isLocalTarget)) return null;
  return {
    code: "local_endpoint_refused",
    detail: `the record of ${record.operator} points into this machine or network, and the region is elsewhere`,
    cause: null,
  };
}
