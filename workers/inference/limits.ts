// What one inference worker takes on, and how often it speaks of itself.

import {
  MAX_EVIDENCE_BYTES,
  MAX_REQUEST_BYTES,
  MAX_SEALING_OVERHEAD_BYTES,
  SEALING_PERIOD_MS,
} from "../../protocol/limits.ts";
import { bucketFor } from "../../protocol/padding.ts";

/**
 * 2 MiB: the largest input of the shipped models, a picture to find text in, has 1.6 MiB; decoding holds a request
 * about three times.
 */
export const MAX_REQUEST_SIZE_BUCKET = 2 * 1024 * 1024;
export const MAX_REQUEST_BODY_BYTES = MAX_REQUEST_SIZE_BUCKET + MAX_SEALING_OVERHEAD_BYTES;

/** The largest opened evidence on requests of that size: two receipts and records, and both lists of block digests. */
const MAX_CASE_BYTES = MAX_REQUEST_SIZE_BUCKET + MAX_EVIDENCE_BYTES - MAX_REQUEST_BYTES;
export const MAX_EVIDENCE_BODY_BYTES = bucketFor(MAX_CASE_BYTES) + MAX_SEALING_OVERHEAD_BYTES;

/**
 * 8 MiB, four of the largest bodies or 1,024 small ones. An isolate of 128 MB has 122 MiB: 96 for models; 8 for bodies, or
 * what was sealed in them, 8 for what was decoded, 2 for the one being decoded, which happens in one go; the program
 * keeps 8.
 */
export const MAX_HELD_BODY_BYTES = 4 * MAX_REQUEST_BODY_BYTES;

/** What a body counts at least: its first buffer, and all that belongs to a request besides. */
export const MIN_HELD_BODY_BYTES = 8 * 1024;

/** However small they are: so many models at most are in use, or waited for. */
export const MAX_HELD_REQUESTS = 8;

/**
 * Of the requests that run or wait: three pictures to classify. One thread runs them one after another, so more would
 * only make everybody wait: the answers of a busy worker come no sooner.
 */
export const MAX_HELD_OPERATIONS = 2 ** 31;

/** Of one judgement: what every request to a shipped model takes but four long lines to read at once (1.4 × 10^10). */
export const MAX_JUDGED_OPERATIONS = 2 ** 33;

/** Of the 128 MB of an isolate; the rest is for the program, and for requests while they are decoded. */
export const DEFAULT_MEMORY_BUDGET_MIB = 96;

/** 12 h: a record is replaced long before it expires, so that a region that is down for half a day loses nobody. */
export const RECORD_RENEWAL_MS = 12 * 3_600_000;
/** As long as the sealing key of its period still opens after that period: no record outlives its key. */
export const RECORD_LIFETIME_SECONDS = SEALING_PERIOD_MS / 1000;

/** Records are published every hour, by the cron trigger of wrangler.toml or by a timer. */
export const PUBLISH_INTERVAL_MS = 3_600_000;

/** A record that no region kept is offered again with the first request after this, not with every one. */
export const PUBLISH_RETRY_MS = 60_000;

/** One region that does not answer must not keep the record from the others. */
export const PUBLISH_TIMEOUT_MS = 10_000;
