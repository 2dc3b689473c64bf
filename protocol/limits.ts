// Every magic number of the protocol, with its unit and its reason. Encoders and decoders both hold to them.

/** First field of every top-level structure; a side that speaks another version is refused, not guessed at. */
export const PROTOCOL_VERSION = 1;

/** SHA-256. */
export const DIGEST_BYTES = 32;
/** Ed25519, RFC 8032 §5.1.5 and §5.1.6. */
export const KEY_BYTES = 32;
export const SECRET_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** 128 random bits: two requests or two runs never share one by chance. */
export const NONCE_BYTES = 16;
/** 256 random bits hide a guessable input or output behind its commitment. */
export const SALT_BYTES = 32;

/**
 * The deepest structure is a certificate file, with wraps and shapes at levels 5 and 4; a decoder recurses this far at
 * most.
 */
export const MAX_CBOR_DEPTH = 12;
/**
 * A million one-byte items would cost a decoder 100 times their size in memory. The largest message, a
 * region's record list, holds MAX_REGION_RECORDS items; a manifest some thousands.
 */
export const MAX_CBOR_ITEMS = 65_536;

/** Dimensions of one tensor; images and batches of sequences need 4. */
export const MAX_TENSOR_RANK = 8;
/** 16 MiB: an eighth of the memory of the smallest isolate, which must hold the model too. */
export const MAX_TENSOR_BYTES = 16 * 1024 * 1024;
/** Inputs or outputs of one request; the models that ship have one input and at most two outputs. */
export const MAX_TENSORS = 16;
/** Padding hides sizes below 1 KiB altogether: a text of a word and one of a hundred look alike. */
export const MIN_BUCKET_BYTES = 1024;
/** 5 · 2²², the bucket of the largest request and of the largest reply. */
export const MAX_BUCKET_BYTES = 20 * 1024 * 1024;
/** Keys, nonces, tag and framing around what is sealed: 93 bytes at most. */
export const MAX_SEALING_OVERHEAD_BYTES = 128;
/** A sealed request or reply of the largest bucket. */
export const MAX_SEALED_BYTES = MAX_BUCKET_BYTES + MAX_SEALING_OVERHEAD_BYTES;
/** All tensors of one request together, and the framing around them. */
export const MAX_REQUEST_BYTES = MAX_TENSOR_BYTES + 64 * 1024;
/** Outputs, block digests and a receipt. */
export const MAX_REPLY_BYTES = MAX_TENSOR_BYTES + 256 * 1024;
/** Block digests of one run, 128 KiB of them; the models that ship have 9 blocks at most. */
export const MAX_BLOCKS = 4096;
/**
 * Multiply-adds (or elements, for operations without any) of one run. The image model that ships takes 582 million; an
 * hour of a processor at 10^10 a second has 3.6 × 10^13.
 */
export const MAX_OP_COUNT = 2 ** 45;

/** Seats of one request: the largest committee (5) and every group that may be asked after it. */
export const MAX_SEATS = 64;
/** Whoever is asked sees the input, so failures and conflicts may widen the circle fourfold and no further. */
export const MAX_SUBSTITUTE_COMMITTEES = 3;
/** Signatures in one certificate. */
export const MAX_CERTIFICATE_SIGNATURES = 16;
/** How far ahead a deadline may lie. A worker never waits longer, so nothing may ask for more. */
export const MAX_DEADLINE_MS = 120_000;
/** Clocks of honest machines differ by less. Bounds what a signed time may claim. */
export const MAX_CLOCK_SKEW_MS = 300_000;

/** A receipt has at most 600 bytes; the rest is for longer headers of a later version. */
export const MAX_RECEIPT_BYTES = 2048;
/** A refusal is about 300 bytes. */
export const MAX_REFUSAL_BYTES = 1024;
/** What a worker says of its refusal to people. */
export const MAX_DETAIL_CHARACTERS = 400;
/** A delegation is about 330 bytes; a domain name has at most 253. */
export const MAX_DELEGATION_BYTES = 1024;
/** A record with one endpoint, one model and one engine is about 900 bytes. */
export const MAX_RECORD_BYTES = 8192;
/** 16 signatures are about 4 KB. */
export const MAX_CERTIFICATE_BYTES = 8192;
/** Outputs, a certificate and the records of its signers. */
export const MAX_CERTIFICATE_FILE_BYTES = MAX_TENSOR_BYTES + 256 * 1024;
/** Two receipts and two records; in opened evidence also the inputs, or a block's, and both lists of block digests. */
export const MAX_EVIDENCE_BYTES =
  MAX_REQUEST_BYTES + 2 * (MAX_RECEIPT_BYTES + MAX_RECORD_BYTES + MAX_BLOCKS * (DIGEST_BYTES + 2)) + 1024;
/** A judgement is about 350 bytes. */
export const MAX_JUDGEMENT_BYTES = 1024;
/** Evidence, a judgement and the record of who judged. */
export const MAX_FAULT_PROOF_BYTES = MAX_EVIDENCE_BYTES + MAX_JUDGEMENT_BYTES + MAX_RECORD_BYTES + 64;
/** A whole problem document: a code, and a sentence or two for people. */
export const MAX_PROBLEM_BYTES = 4096;

/** A file of ten lines is about 1 KB; this is what the largest one that makes sense takes, with comments. */
export const MAX_POLICY_BYTES = 16_384;
/** As many as sign one certificate, so that whichever of them sign fit into it. */
export const MAX_POLICY_OPERATORS = MAX_CERTIFICATE_SIGNATURES;
/** More than a tree of 16 operators needs. Also bounds how deep groups of groups nest. */
export const MAX_POLICY_GROUPS = 16;
/** Domains and keys that one policy denies. */
export const MAX_POLICY_DENIED = 64;

/** 48 h: a stolen worker key, or a worker that is gone, disappears from every list by itself. */
export const MAX_RECORD_LIFETIME_SECONDS = 48 * 3600;
/** 400 days: an operator renews delegations once a year. */
export const MAX_DELEGATION_LIFETIME_SECONDS = 400 * 86_400;
export const MAX_ENDPOINTS = 4;
/** An origin: scheme, a domain name of at most 253 characters, a port. */
export const MAX_ENDPOINT_CHARACTERS = 272;
/** RFC 1035 §2.3.4, without the final dot. */
export const MAX_DOMAIN_CHARACTERS = 253;
export const MAX_SLUG_CHARACTERS = 48;
/** The one in use and the one before it. */
export const MAX_SEALING_KEYS = 2;
export const MAX_RECORD_MODELS = 64;
export const MAX_RECORD_ENGINES = 8;
export const MAX_DOMAIN_PROOF_BYTES = 2048;
/** A day: a sealing key is named by the records of one and opens for another, then it is deleted. */
export const SEALING_PERIOD_MS = 86_400_000;
/** Requests within their deadlines that a worker remembers: ten minutes of a hundred a second, some 8 MiB. */
export const MAX_CLAIMS = 65_536;
/** X25519, RFC 7748 §5. */
export const SEALING_KEY_BYTES = 32;

/** Records in one answer of a region: about 1 MiB of them, and a few seconds of signatures to check. */
export const MAX_REGION_RECORDS = 1024;
export const MAX_REGION_RESPONSE_BYTES = 2 * 1024 * 1024;
