// Payloads under signatures that hold: a liar signs what it likes with its own key, so each of these reaches the checks
// behind the signature, which changed envelopes seldom do.

import assert from "node:assert/strict";
import { type Bytes, formatHex } from "../../../protocol/bytes.ts";
import { type CborValue, decode, encode, readArray } from "../../../protocol/cbor.ts";
import { type Role, readPayload, signEnvelope } from "../../../protocol/cose.ts";
import { openDelegation, signDelegation } from "../../../protocol/delegation.ts";
import type { OpenedEvidence } from "../../../protocol/evidence.ts";
import { encodeFaultProof, type FaultProof, openFaultProof } from "../../../protocol/fault-proof.ts";
import { type Judgement, signJudgement } from "../../../protocol/judgement.ts";
import { encodeReceipt, openReceipt } from "../../../protocol/receipt.ts";
import { type OpenedRecord, openRecord, signRecord } from "../../../protocol/record.ts";
import { openRefusal, signRefusal } from "../../../protocol/refusal.ts";
import { sealRequest } from "../../../protocol/sealing.ts";
import { NOW } from "../../protocol/fixtures.ts";
import type { Target } from "./target.ts";

/** Who signs what, in an envelope to begin with. */
interface Signed {
  readonly role: Role;
  readonly secretKey: Bytes;
  readonly envelope: Bytes;
}

/** Opens, and then writes again, which may not fail: as it was. */
async function openAndRewrite<T>(
  envelope: Bytes,
  open: (envelope: Bytes) => Promise<T>,
  again: (opened: T) => Promise<Bytes> | Bytes,
): Promise<void> {
  const opened = await open(envelope);
  const rewrite = async () => again(opened);
  const rewritten = await rewrite().catch((error: unknown) => assert.fail(String(error)));
  assert.equal(formatHex(rewritten), formatHex(envelope), "was not written again as it was read");
}

function signing<T>(
  { role, secretKey, envelope }: Signed,
  open: (envelope: Bytes) => Promise<T>,
  again: (opened: T) => Promise<Bytes> | Bytes,
): Target {
  return {
    name: `the payload of a ${role}`,
    sources: [readPayload(role, envelope, envelope.length)],
    async open(payload) {
      await openAndRewrite(await signEnvelope({ role, secretKey, payload }), open, again);
    },
  };
}

/** Worker key, operator key and sealing keys of a record, as an array: a change of it is a change of keys. */
function keysOf(record: Bytes, secretKey: Bytes): Target {
  const maxBytes = record.length;
  const payload = decode(readPayload("record", record, maxBytes), { maxBytes, title: "It" });
  const fields = payload as CborValue[];
  return {
    name: "the keys of a record",
    sources: [encode([fields[1]!, fields[6]!, fields[11]!])],
    async open(bytes) {
      const keys = readArray(decode(bytes, { maxBytes: bytes.length, title: "It" }), 3, "It") as CborValue[];
      const changed = encode(fields.with(1, keys[0]!).with(6, keys[1]!).with(11, keys[2]!));
      const envelope = await signEnvelope({ role: "record", secretKey, payload: changed });
      await openAndRewrite(envelope, openNow, (opened) => sealAndSign(opened, secretKey));
    },
  };
}

const openNow = (bytes: Bytes) => openRecord(bytes, { now: NOW });

/** What is admitted can be sealed to, and signed by whoever signed it. */
async function sealAndSign({ record }: OpenedRecord, secretKey: Bytes): Promise<Bytes> {
  const { workerKey, sealingKeys } = record;
  for (const sealingKey of sealingKeys) await sealRequest(new Uint8Array(4), 1024, { workerKey, sealingKey });
  return signRecord(record, secretKey);
}

/** What a worker and its operator sign, and a referee on evidence between others. */
export function createSignedTargets(
  party: {
    readonly workerKey: Bytes; // secret
    readonly operatorKey: Bytes; // secret
    readonly record: Bytes;
    readonly delegation: Bytes;
    readonly receipt: Bytes;
    readonly refusal: Bytes;
  },
  referee: { readonly secretKey: Bytes; readonly proof: FaultProof },
): Target[] {
  const { workerKey, operatorKey } = party;
  return [
    keysOf(party.record, workerKey),
    signing({ role: "record", secretKey: workerKey, envelope: party.record }, openNow, (opened) =>
      sealAndSign(opened, workerKey),
    ),
    signing(
      { role: "delegation", secretKey: operatorKey, envelope: party.delegation },
      (bytes) => openDelegation(bytes, { now: NOW }),
      ({ delegation }) => signDelegation(delegation, operatorKey),
    ),
    signing({ role: "receipt", secretKey: workerKey, envelope: party.receipt }, openReceipt, encodeReceipt),
    signing({ role: "refusal", secretKey: workerKey, envelope: party.refusal }, openRefusal, ({ refusal }) =>
      signRefusal(refusal, workerKey),
    ),
    signing(
      { role: "judgement", secretKey: referee.secretKey, envelope: referee.proof.judgement },
      (judgement) => openFaultProof(encodeFaultProof({ ...referee.proof, judgement })),
      ({ evidence, judgement }) => {
        assertBlamesItsFinding(evidence, judgement);
        return signJudgement(judgement, referee.secretKey);
      },
    ),
  ];
}

/** On opened evidence. */
function assertBlamesItsFinding({ sides, opening }: OpenedEvidence, { finding, atFault }: Judgement): void {
  for (const side of [0, 1] as const) {
    const signed =
      finding.scope === "model" ? sides[side].receipt.wrap.statement : opening!.blocks[side]![finding.block];
    const isContradicted = String(signed) !== String(finding.digest ?? undefined);
    assert.equal(atFault.includes(side), isContradicted, `side ${side} is blamed against the finding`);
  }
}
