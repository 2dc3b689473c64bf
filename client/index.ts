// The public surface of the client: choose, ask, verify. What takes an engine, or lasts longer than a question, is in
// audits.ts, so that a page which only asks does not load it.

export { type Answer, type AuditReport, type Conflict, QuorumError, type ReportedVerdict } from "./answer.ts";
export type { SeatFacts } from "./ask.ts";
export { type Clock, createSystemClock } from "./clock.ts";
export { type Directory, fetchDirectory, type RefusedRecord, type RegionReport } from "./directory.ts";
export {
  closeEvidence,
  describeEvidence,
  type ResultField,
  type SideFacts,
  type VerifiedEvidence,
  verifyEvidence,
} from "./evidence.ts";
export type { Failure, FailureCode } from "./failure.ts";
export {
  type Latencies,
  type Latency,
  rememberLatencies,
} from "./latencies.ts";
export { drawBelow } from "./question.ts";
export { type AskOptions, askQuorum } from "./quorum.ts";
export { fetchRecord } from "./renewal.ts";
export {
  isExcluded,
  type Reputation,
  rememberSightings,
  type Sighting,
  type Standing,
  withoutExcluded,
} from "./reputation.ts";
export type { LocalRerun } from "./rerun.ts";
export type { Purpose } from "./select.ts";
export { sightingsOf } from "./sightings.ts";
export type { Fetch } from "./transport.ts";
export {
  type PolicyFacts,
  type SignatureFacts,
  type VerifiedCertificate,
  verifyCertificate,
} from "./verify.ts";
