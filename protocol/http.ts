// The names that HTTP knows the protocol by: paths and media types, the same for who serves and who asks.
// docs/protocol.md §16.

/** Requests, replies and record lists, RFC 8949 §9.5. */
export const CBOR_MEDIA_TYPE = "application/cbor";
/** A sealed request, and the answer to it. */
export const SEALED_REQUEST_MEDIA_TYPE = "application/vnd.quorate.sealed-request+cbor";
export const SEALED_REPLY_MEDIA_TYPE = "application/vnd.quorate.sealed-reply+cbor";
/** Records, RFC 9052 §2; readers do not look at the cose-type parameter. */
export const COSE_MEDIA_TYPE = "application/cose";
/** What writers say of a record: it is a COSE_Sign1. */
export const COSE_SIGN1_CONTENT_TYPE = `${COSE_MEDIA_TYPE}; cose-type="cose-sign1"`;

/** Worker: POST a request, get a reply. */
export const INFER_PATH = "/v1/infer";
/** Referee: POST opened evidence, get a judgement. */
export const JUDGE_PATH = "/v1/judge";
/** Worker: GET the record that it answers under. */
export const RECORD_PATH = "/v1/record";
/** Region: POST a record, or GET the list of them. */
export const RECORDS_PATH = "/v1/records";
/** Worker and region: GET what state it is in, as JSON for people and monitors. */
export const HEALTH_PATH = "/healthz";
