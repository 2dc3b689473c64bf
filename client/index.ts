// The public surface of the client: choose, ask, verify.

export { type Answer, type AuditReport, type Conflict, QuorumError, type ReportedVerdict } from "./answer.ts";
export type { SeatFacts } from "./ask.ts";
export { type AuditFinding, auditWorker } from "./audit.ts";
export { type Clock, createSystemClock } from "./clock.ts";
export { type Directory, fetchDirectory, type RefusedRecord, type RegionReport } from "./directory.ts";
export {
  closeEvidence,
  describeEvidence,
  describeFaultProof,
  type FaultProofFacts,
  type ResultField,
  type SideFacts,
  type VerifiedEvidence,
  verifyEvidence,
  verifyFaultProof,
} from "./evidence.ts";
export type { Failure, FailureCode } from "./failure.ts";
export { type KnownAnswer, mixInKnownAnswer } from "./known-answer.ts";
export {
  formatLatencies,
  type Latencies,
  type Latency,
  observe,
  parseLatencies,
} from "./latencies.ts";
export { drawBelow } from "./question.ts";
export { type AskOptions, askQuorum } from "./quorum.ts";
export { fetchRecord } from "./renewal.ts";
export {
  formatReputation,
  isExcluded,
  parseReputation,
  type Reputation,
  remember,
  type Sighting,
  type Standing,
  withoutExcluded,
} from "./reputation.ts";
export type { LocalRerun } from "./rerun.ts";
export type { Purpose } from "./select.ts";
export { sightingsOf, sightingsOfAudit } from "./sightings.ts";
export type { Fetch } from "./transport.ts";
export { type PolicyFacts, type SignatureFacts, type VerifiedBundle, verifyBundle } from "./verify.ts";
