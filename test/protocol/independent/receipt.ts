// Receipts, refusals and the question they answer, docs/protocol.md §9, §11 and §12, written from that document alone.

import { read, type Value, write } from "./cbor.ts";
import { digest, openEnvelope } from "./envelope.ts";
import { type Fields, fieldsOf, isBucket, isBytes, isDigest, isUint, must, same, YEAR_2200 } from "./form.ts";
import { openRecord, type Record } from "./record.ts";

export interface Receipt {
  readonly statement: Fields;
  readonly wrap: Fields;
}

/** §11, and that the wrap is of the statement. */
export function readReceipt(statementValue: Value, wrapValue: Value): Receipt {
  const [statement, wrap] = [fieldsOf(statementValue, 10), fieldsOf(wrapValue, 6)];
  must(statement[0] === 1n && statement.slice(1, 8).every(isDigest), "no statement");
  must(isUint(statement[8], 1n, 2n ** 45n) && statement[9] === "ok", "no statement");
  must(
    isDigest(wrap[0]!) && isUint(wrap[1], 0n, 63n) && isDigest(wrap[2]!) && isBytes(wrap[3], 16),
    "no wrap",
  );
  must(isDigest(wrap[4]!) && isUint(wrap[5], 0n, YEAR_2200 * 1000n), "no wrap");
  must(same(digest("statement", write(statement)), wrap[0]!), "a wrap of another statement");
  return { statement, wrap };
}

/** §12 */
export function openReceipt(bytes: Uint8Array): Receipt & { readonly key: Uint8Array } {
  const { key, payload } = openEnvelope("receipt", bytes, 2048);
  const [statement, wrap] = fieldsOf(read(payload), 2);
  return { key, ...readReceipt(statement!, wrap!) };
}

/** §12 */
export function openRefusal(bytes: Uint8Array): {
  readonly key: Uint8Array;
  readonly request: Value;
  readonly code: Value;
} {
  const { key, payload } = openEnvelope("refusal", bytes, 1024);
  const [version, request, seat, code, time] = fieldsOf(read(payload), 5);
  must(
    version === 1n && isDigest(request!) && isUint(seat, 0n, 63n) && typeof code === "string" && isUint(time),
    "no refusal",
  );
  return { key, request: request!, code };
}

export interface Question {
  readonly nonce: Value;
  readonly deadline: Value;
  readonly policy: Value;
  readonly sizeBucket: Value;
  readonly assignment: Value;
}

export function readQuestion([nonce, deadline, policy, sizeBucket, assignment]: Fields): Question {
  must(isBytes(nonce, 16) && isUint(deadline, 0n, YEAR_2200 * 1000n) && isBucket(sizeBucket!), "no question");
  must(["fast", "standard", "strict"].includes(policy as string) || isBytes(policy, 32), "no policy");
  const [mode, seedDigest] = fieldsOf(assignment!, 2);
  must(mode === "S" && isBytes(seedDigest, 32), "no assignment");
  return { nonce, deadline, policy: policy!, sizeBucket: sizeBucket!, assignment: assignment! };
}

export function checkQuestion(question: Question, { statement }: Receipt): void {
  const { nonce, deadline, policy, sizeBucket, assignment } = question;
  const asked = [1n, statement[1]!, statement[2]!, nonce, deadline, policy, sizeBucket, assignment];
  must(same(digest("request", write(asked)), statement[6]!), "another request");
  must(same(digest("assignment", write(assignment)), statement[7]!), "another assignment");
}

/** §13: signed while the request was open, give or take five minutes. */
export function checkTime({ wrap }: Receipt, question: Question): void {
  const [time, deadline] = [wrap[5] as bigint, question.deadline as bigint];
  must(time <= deadline + 300_000n && time >= deadline - 420_000n, "signed when the request was not open");
}

export function openSigner({ statement, wrap }: Receipt, key: Uint8Array, record: Uint8Array): Record {
  return openRecord(record, wrap[2]!, key, wrap[5] as bigint, statement[1]!, statement[2]!);
}
