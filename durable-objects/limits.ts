// What one registry keeps at most, and for how long. Sizes of a single record are the protocol's (protocol/limits.ts).

import {
  MAX_CLOCK_SKEW_MS,
  MAX_RECORD_LIFETIME_SECONDS,
  MAX_REGION_RECORDS,
  MAX_REGION_RESPONSE_BYTES,
} from "../protocol/limits.ts";

/** Keys of one operator, quarantined ones included. A worker a city is enough; more is somebody filling the region. */
export const MAX_KEYS_PER_OPERATOR = 32;

/** CBOR puts at most 5 bytes before each record and before the list, so the whole list fits into one answer. */
export const MAX_REGISTRY_BYTES = MAX_REGION_RESPONSE_BYTES - 5 * (MAX_REGION_RECORDS + 1);

/**
 * How long the seq of a key is remembered after its record came in. An older record that was signed before then
 * has expired by the end of it, so it cannot come back once the newer one is gone.
 */
export const SEQ_MEMORY_SECONDS = MAX_RECORD_LIFETIME_SECONDS + MAX_CLOCK_SKEW_MS / 1000;

/** 30 days: long enough for everybody to see the proof, short enough that the table cannot grow for ever. */
export const QUARANTINE_SECONDS = 30 * 86_400;
