// Certificate files, docs/protocol.md §13, written from that document alone.

import { read, type Value, write } from "./cbor.ts";
import { digest, verifySignature } from "./envelope.ts";
import { type Fields, fieldsOf, isBytes, isTensor, listOf, must, same } from "./form.ts";
import { checkQuestion, checkTime, openSigner, readQuestion, readReceipt } from "./receipt.ts";
import type { Party } from "./record.ts";

/** §13, without the policy: who signed. */
export function openCertificateFile(bytes: Uint8Array): {
  readonly signers: Party[];
  readonly policy: Value;
} {
  const fields = fieldsOf(read(bytes), 10);
  const [certificate, salt, outputs, records] = [fields[1]!, fields[7]!, fields[8]!, fields[9]!];
  must(fields[0] === 1n && isBytes(salt, 32), "no certificate file");
  const question = readQuestion(fields.slice(2, 7));
  listOf(outputs, 1, 16, isTensor);
  const [version, statement, signatures] = fieldsOf(certificate, 3);
  const signed = listOf(signatures, 1, 16, (one) => Array.isArray(one) && one.length === 3) as Fields[];
  const opened = listOf(records, 1, 16, (one) => isBytes(one, 1, 8192)) as Uint8Array[];
  must(version === 1n && opened.length === signed.length, "no certificate");
  const receipts = signed.map(([, wrap]) => readReceipt(statement!, wrap!));
  const seats = receipts.map(({ wrap }) => wrap[1] as bigint);
  must(
    seats.every((seat, index) => index === 0 || seats[index - 1]! < seat),
    "seats out of order",
  );
  must(new Set(signed.map(([key]) => write(key!).toString("hex"))).size === signed.length, "one key twice");
  checkQuestion(question, receipts[0]!);
  must(same(digest("output", write([1n, salt, outputs])), receipts[0]!.statement[4]!), "other outputs");
  const signers = signed.map(([key, , signature], index): Party => {
    const receipt = receipts[index]!;
    must(isBytes(key, 32) && isBytes(signature, 64), "no signature");
    checkTime(receipt, question);
    verifySignature("receipt", key, write([receipt.statement, receipt.wrap]), signature);
    return openSigner(receipt, key, opened[index]!);
  });
  return { signers, policy: question.policy };
}
