// What is read from files and settings, and the small readers under everything else.

import assert from "node:assert/strict";
import { formatLatencies, parseLatencies } from "../../../client/latencies.ts";
import { formatReputation, parseReputation, rememberSightings } from "../../../client/reputation.ts";
import { decodeManifest, encodeManifest } from "../../../engine/index.ts";
import { type Bytes, formatBase64Url, formatHex, parseBase64Url, parseHex } from "../../../protocol/bytes.ts";
import { type CborValue, decode, encode } from "../../../protocol/cbor.ts";
import { CodedError } from "../../../protocol/errors.ts";
import { parseSecretKey } from "../../../protocol/keys.ts";
import { pad, unpad } from "../../../protocol/padding.ts";
import { parsePolicy } from "../../../protocol/policy-file.ts";
import { formatProblem, parseProblem } from "../../../protocol/problem.ts";
import { openRecord, recordDigest } from "../../../protocol/record.ts";
import { compileTiny } from "../../models/compile-tiny.ts";
import { NOW, type TestWorker } from "../../protocol/fixtures.ts";
import { SAMPLE_POLICY } from "../../protocol/policies.ts";
import { listEnvelopes, type Notary } from "./forgery.ts";
import type { Target } from "./target.ts";

/** The coded error of a refusal; any other goes on. */
function tryParse(parse: (text: string) => Bytes, given: string): CodedError | null {
  try {
    parse(given);
    return null;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

const text = (bytes: Bytes) => new TextDecoder().decode(bytes);
const ascii = (words: string): Bytes => new TextEncoder().encode(words);

/** What no server or client is sent. */
export async function createFileTargets(given: {
  readonly others: readonly Bytes[];
  readonly reply: Bytes;
  readonly worker: TestWorker;
  readonly notary: Notary;
}): Promise<Target[]> {
  const { others, reply, worker, notary } = given;
  const { manifest } = await compileTiny();
  const { operatorKey, workerKey, endpoints } = worker.opened.record;
  const latency = {
    model: "00".repeat(32),
    workerKey: formatBase64Url(workerKey),
    endpoint: endpoints[0]!,
    ms: 12,
    seen: NOW,
  };
  return [
    {
      name: "CBOR",
      sources: others.filter((bytes) => bytes[0] !== 0xd2),
      async open(bytes) {
        const value = decode(bytes, { maxBytes: bytes.length, title: "anything" }) as CborValue;
        assert.equal(formatHex(encode(value)), formatHex(bytes));
      },
    },
    {
      name: "a manifest",
      sources: [manifest],
      async open(bytes) {
        assert.equal(formatHex(encodeManifest(decodeManifest(bytes))), formatHex(bytes));
      },
    },
    {
      name: "a policy's file",
      sources: [SAMPLE_POLICY],
      async open(bytes) {
        const { ask, accept, providers } = await parsePolicy(bytes);
        assert.ok(Math.min(accept, providers) >= 1 && Math.max(accept, providers) <= ask);
        assert.ok(ask <= 16);
      },
    },
    {
      name: "a reputation's file",
      sources: [
        ascii(
          formatReputation(
            rememberSightings(
              new Map(),
              [
                { operator: "a.example", operatorKey, kind: "answer" },
                { operator: "a.example", operatorKey, kind: "lie", evidence: "00".repeat(32) },
              ],
              NOW,
            ),
          ),
        ),
      ],
      async open(bytes) {
        const reputation = parseReputation(text(bytes));
        assert.deepEqual(parseReputation(formatReputation(reputation)), reputation);
        for (const { answers, refusals, failures, misses, copied, seen } of reputation.values())
          for (const count of [answers, refusals, failures, misses, copied, seen])
            assert.ok(Number.isSafeInteger(count) && count >= 0, `a count of ${count}`);
      },
    },
    {
      name: "a file of latencies",
      sources: [ascii(formatLatencies(new Map([["it", latency]])))],
      async open(bytes) {
        const latencies = parseLatencies(text(bytes));
        assert.deepEqual(parseLatencies(formatLatencies(latencies)), latencies);
        for (const { ms, seen } of latencies.values())
          for (const count of [ms, seen]) assert.ok(Number.isSafeInteger(count) && count >= 0, `${count}`);
      },
    },
    {
      name: "padding",
      sources: [pad(reply, 2048), pad(ascii("word"), 1024)],
      async open(bytes) {
        assert.equal(formatHex(pad(unpad(bytes, "anything"), bytes.length)), formatHex(bytes));
      },
    },
    {
      name: "text",
      sources: [ascii("00ff"), ascii("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
      async open(bytes) {
        const codes = [parseHex, parseBase64Url, parseSecretKey].map((parse) => tryParse(parse, text(bytes)));
        const refused = codes.filter((code) => code !== null);
        if (refused.length === codes.length) throw refused[0];
      },
    },
    {
      name: "a problem document",
      sources: [ascii(JSON.stringify(formatProblem(null)))],
      open: async (bytes) => parseProblem(bytes),
    },
    {
      name: "the digest of a record",
      sources: [worker.opened.bytes],
      async open(bytes) {
        await recordDigest(bytes);
        await openRecord(bytes, { now: NOW });
        notary.assertNoForgery(listEnvelopes(bytes) as Bytes[]);
      },
    },
  ];
}
