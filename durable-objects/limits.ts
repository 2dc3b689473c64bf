// What one registry keeps at most, and for how long. Sizes of a single record are the protocol's (protocol/limits.ts).

import {
  MAX_CLOCK_SKEW_MS,
  MAX_RECORD_LIFETIME_SECONDS,
  MAX_REGION_RECORDS,
  MAX_REGION_RESPONSE_BYTES,
} from "../protocol/limits.ts";

/** Places of a region, which are all that is shared out: a record takes one for each PLACE_BYTES that it begins. */
export const MAX_PLACES = MAX_REGION_RECORDS;

/**
 * 2,042: so much that the list of a full region fits into one answer, with the 5 bytes at most that CBOR puts before
 * each record and before the list. One quota in one unit bounds keys and bytes, so that neither can be used up for
 * a worker that renews a record of the size it had.
 */
export const PLACE_BYTES = Math.floor(
  (MAX_REGION_RESPONSE_BYTES - 5 * (MAX_REGION_RECORDS + 1)) / MAX_REGION_RECORDS,
);

/** Places of one operator key. A worker a city is enough; more is somebody filling the region. */
export const MAX_PLACES_PER_OPERATOR = 32;

/**
 * How long a key is remembered after what it published last. Every record of it that was valid by then has expired
 * by the end of it, so an older one cannot come back once the newer one is gone, nor one of two that conflict.
 */
export const KEY_MEMORY_SECONDS = MAX_RECORD_LIFETIME_SECONDS + MAX_CLOCK_SKEW_MS / 1000;

/** Quarantined keys, with two records each: 16 MiB. Beyond that the oldest is let go. */
export const MAX_QUARANTINED_KEYS = 1024;
