// The other public surface, of clients that have an engine and last: audits, what referees signed, and the files in which
// is kept what was seen of operators.

export { type AuditFinding, auditWorker } from "./audit.ts";
export { describeFaultProof, type FaultProofFacts, verifyFaultProof } from "./evidence.ts";
export { type KnownAnswer, mixInKnownAnswer } from "./known-answer.ts";
export { formatLatencies, parseLatencies } from "./latencies.ts";
export { formatReputation, parseReputation } from "./reputation.ts";
export { sightingsOfAudit } from "./sightings.ts";
