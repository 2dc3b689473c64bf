// Who signed what: an input that is accepted may hold signatures of honest parties only over what they signed.

import assert from "node:assert/strict";
import { type Bytes, formatHex } from "../../../protocol/bytes.ts";
import { decodeEnvelope, type Role } from "../../../protocol/cose.ts";
import { publicKey } from "../../../protocol/ed25519.ts";
import { type Item, readItem, Tagged } from "../../protocol/cddl/item.ts";

const ROLES: readonly Role[] = ["delegation", "record", "receipt", "refusal", "judgement"];

/** The honest keys, and every envelope that they signed. */
export class Notary {
  readonly #keys = new Set<string>();
  readonly #signed = new Set<string>();

  async addParty(secretKey: Bytes): Promise<void> {
    this.#keys.add(formatHex(await publicKey(secretKey)));
  }

  /** Every envelope in a message, however deep, is one that its signer made. */
  addMessage(bytes: Uint8Array): void {
    for (const envelope of listEnvelopes(bytes)) this.#signed.add(formatHex(envelope));
  }

  /** Fails for an envelope by an honest key that it never made; those of others speak for others. */
  assertNoForgery(envelopes: readonly Bytes[]): void {
    for (const envelope of envelopes) {
      if (this.#signed.has(formatHex(envelope))) continue;
      const role = ROLES.find((candidate) => isOf(candidate, envelope));
      assert.ok(role !== undefined, "an envelope of no role was accepted");
      const key = formatHex(decodeEnvelope(role, envelope, envelope.length).key);
      assert.ok(!this.#keys.has(key), `a forged ${role} by ${key} was accepted`);
    }
  }
}

function isOf(role: Role, envelope: Bytes): boolean {
  try {
    decodeEnvelope(role, envelope, envelope.length);
    return true;
  } catch {
    return false;
  }
}

/** The bytes of every envelope in a message. */
export function listEnvelopes(bytes: Uint8Array): Uint8Array[] {
  const inner = bytes[0] === 0xd2 ? [bytes] : [];
  return [...inner, ...listByteStrings(readItem(bytes)).flatMap(envelopesIn)];
}

function envelopesIn(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length < 100) return [];
  try {
    return listEnvelopes(bytes);
  } catch {
    return []; // a tensor, and no CBOR
  }
}

function listByteStrings(item: Item): Uint8Array[] {
  if (item instanceof Uint8Array) return [item];
  if (item instanceof Tagged) return listByteStrings(item.content);
  return Array.isArray(item) ? item.flatMap(listByteStrings) : [];
}
