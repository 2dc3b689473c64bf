// Seeded hostile structures for every decoder: what no input may cause is an error without a code.

import assert from "node:assert/strict";
import { test } from "node:test";
import { verifyEvidence } from "../../client/evidence.ts";
import { verifyBundle } from "../../client/verify.ts";
import { decodeManifest } from "../../engine/index.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { decodeEnvelope, type Role, signEnvelope } from "../../protocol/cose.ts";
import { CodedError } from "../../protocol/errors.ts";
import { compileTiny } from "../models/compile-tiny.ts";
import { bytesFor } from "./fixtures.ts";
import { createDraw, createNoise, type Draw, mangle } from "./mangle.ts";
import { WIRE_TYPES } from "./wire-types.ts";

const MANGLED = 600; // of each structure
const NOISE = 600;
const SIGNED = 120; // payloads with a signature that holds, at a millisecond or two each

type Reader = readonly [name: string, bytes: Bytes, open: (bytes: Bytes) => unknown];

const find = (name: string) => WIRE_TYPES.find((type) => type[0] === name)!;
const bundle = find("Bundle")[1];
const evidence = find("EvidenceAtInput")[1];
const READERS: readonly Reader[] = [
  ...WIRE_TYPES.map(([name, bytes, open]): Reader => [name, bytes, open]),
  ["verifyBundle", bundle, (bytes) => verifyBundle(bytes, { policies: [] })],
  ["verifyEvidence", evidence, verifyEvidence],
  ["Manifest", (await compileTiny()).manifest, decodeManifest],
];

/** Opens; says whether it was accepted. Anything that is thrown must have a code. */
async function isAccepted(open: (bytes: Bytes) => unknown, bytes: Bytes): Promise<boolean> {
  try {
    await open(bytes);
    return true;
  } catch (error) {
    if (error instanceof CodedError) return false;
    assert.fail(`${formatHex(bytes.slice(0, 400))}: ${String(error)}`);
  }
}

for (const [index, [name, bytes, open]] of READERS.entries())
  test(`${name}: mangled structures and noise are refused with a code`, async () => {
    const draw = createDraw(1000 + index);
    let refused = 0;
    for (let run = 0; run < MANGLED; run++) if (!(await isAccepted(open, mangle(bytes, draw)))) refused++;
    assert.ok(refused > MANGLED / 2, `only ${refused} of ${MANGLED} were refused: is anything mangled?`);
    for (let run = 0; run < NOISE; run++) await isAccepted(open, createNoise(draw));
  });

for (const [name, role] of [
  ["Delegation", "delegation"],
  ["WorkerRecord", "record"],
  ["Receipt", "receipt"],
  ["Judgement", "judgement"],
] as const)
  test(`${name}: a hostile payload under a good signature is refused with a code`, async () => {
    const [, bytes, open] = find(name);
    const { payload } = decodeEnvelope(role, bytes, bytes.length);
    const draw = createDraw(role.length);
    for (let run = 0; run < SIGNED; run++)
      await isAccepted(
        open,
        await resign(role, run % 4 === 0 ? createNoise(draw) : mangle(payload, draw), draw),
      );
  });

/** By one of two keys: the structure's own worker, and somebody else. */
async function resign(role: Role, payload: Bytes, draw: Draw): Promise<Bytes> {
  const secretKey = await bytesFor(draw(4) > 0 ? "worker a" : "operator a.example");
  return signEnvelope({ role, secretKey, payload });
}
