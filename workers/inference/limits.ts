// What one inference worker takes on, and how often it speaks of itself.

import { MAX_EVIDENCE_BYTES, MAX_RECORD_LIFETIME_SECONDS, MAX_REQUEST_BYTES } from "../../protocol/limits.ts";

/** 2 MiB: the largest input of the shipped models, a picture to find text in, has 1.6 MiB; decoding holds a request about three times. */
export const MAX_REQUEST_BODY_BYTES = 2 * 1024 * 1024;

/** The largest opened evidence on requests of that size: two receipts and records, and both lists of block digests. */
export const MAX_EVIDENCE_BODY_BYTES = MAX_REQUEST_BODY_BYTES + MAX_EVIDENCE_BYTES - MAX_REQUEST_BYTES;

/** Of one judgement: what every request to a shipped model takes but four long lines to read at once (1.4 × 10^10). */
export const MAX_JUDGED_OPERATIONS = 2 ** 33;

/** Of the 128 MB of an isolate; the rest is for the program, and for requests while they are decoded. */
export const DEFAULT_MEMORY_BUDGET_MIB = 96;

/** 12 h: a record is replaced long before it expires, so that a region that is down for a day loses nobody. */
export const RECORD_RENEWAL_MS = 12 * 3_600_000;
export const RECORD_LIFETIME_SECONDS = MAX_RECORD_LIFETIME_SECONDS;

/** Records are published every hour, by the cron trigger of wrangler.toml or by a timer. */
export const PUBLISH_INTERVAL_MS = 3_600_000;

/** A record that no region kept is offered again with the first request after this, not with every one. */
export const PUBLISH_RETRY_MS = 60_000;

/** One region that does not answer must not keep the record from the others. */
export const PUBLISH_TIMEOUT_MS = 10_000;
