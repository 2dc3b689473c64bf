// docs/protocol.cddl against real messages: each is what its rule says, and changed in its form it is not.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Bytes, parseHex, utf8 } from "../../protocol/bytes.ts";
import { type DigestTag, digest, digestRaw } from "../../protocol/digest.ts";
import { CBOR_MEDIA_TYPE, INFER_PATH, JUDGE_PATH, RECORD_PATH } from "../../protocol/http.ts";
import { encodeRequest } from "../../protocol/request.ts";
import { createEvidence, HERE, inputs, JUDGED_MODEL } from "../support/evidence.ts";
import { createTestApp } from "../support/inference-app.ts";
import { type Item, readItem, Tagged, writeItem } from "./cddl/item.ts";
import { Matcher } from "./cddl/match.ts";
import { parseCddl } from "./cddl/parse.ts";
import { createExample } from "./example.ts";
import { createRequest, NOW } from "./fixtures.ts";
import { WIRE_TYPES } from "./wire-types.ts";

const rules = parseCddl(readFileSync(new URL("../../docs/protocol.cddl", import.meta.url), "utf8"));
const matcher = new Matcher(rules);

/** Rule of each wire type. */
const RULES: Readonly<Record<string, string>> = {
  InferRequest: "request",
  "InferRequest under a policy from a file": "request",
  InferReply: "reply",
  RefusedReply: "refused-reply",
  SealedRequest: "sealed-request",
  SealedReply: "sealed-reply",
  Refusal: "refusal",
  Delegation: "delegation",
  WorkerRecord: "record",
  RecordList: "record-list",
  Receipt: "receipt",
  QuorumCertificate: "certificate",
  CertificateFile: "certificate-file",
  "CertificateFile under a policy from a file": "certificate-file",
  Evidence: "evidence",
  EvidenceAtInput: "evidence",
  EvidenceAtBlock: "evidence",
  Judgement: "judgement",
  FaultProof: "fault-proof",
};

const example = new Map(
  [...(await createExample())].map(([name, hex]): [string, Uint8Array] => [name, parseHex(hex)]),
);

/** Rule of each block of hex in the document; what is not here is a key or a digest. */
const EXAMPLE_RULES: Readonly<Record<string, string>> = {
  delegation: "delegation",
  record: "record",
  request: "request",
  statement: "statement",
  wrap: "wrap",
  receipt: "receipt",
  refusal: "refusal",
  "refused-reply": "refused-reply",
  reply: "reply",
  "sealed-request": "sealed-request",
  "sealed-reply": "sealed-reply",
  certificate: "certificate",
  "certificate-file": "certificate-file",
  policy: "policy-terms",
  evidence: "evidence",
  judgement: "judgement",
  "referee-record": "record",
};

test("every message of the worked example is what its rule says, and the rest are keys and digests", () => {
  for (const [name, bytes] of example)
    if (Object.hasOwn(EXAMPLE_RULES, name)) assert.ok(matcher.matches(EXAMPLE_RULES[name]!, bytes), name);
    else assert.equal(bytes.length, 32, name);
});

for (const [name, bytes] of WIRE_TYPES)
  test(`${name} is what its rule says, and is not with any field of another type or length, or one more or fewer`, () => {
    const rule = RULES[name] ?? assert.fail(`${name} has no rule`);
    assert.ok(matcher.matches(rule, bytes));
    assert.ok(matcher.matches("message", bytes));
    let changes = 0;
    for (const [what, changed] of changesOf(readItem(bytes))) {
      changes++;
      assert.ok(!matcher.matches(rule, writeItem(changed)), `${name}: ${what}`);
    }
    assert.ok(changes >= 10, `only ${changes} changes`);
  });

/** The item with one of its parts, at any depth, of another type or length, or with one field more or fewer. */
function* changesOf(item: Item): Generator<[what: string, changed: Item]> {
  yield ["another type", typeof item === "number" ? "text" : -1];
  if (typeof item === "number") for (const value of [-1, 2 ** 53]) yield [`${value}`, value];
  if (item instanceof Tagged) {
    yield ["another tag", new Tagged(item.tag + 1, item.content)];
    for (const [what, content] of changesOf(item.content)) yield [what, new Tagged(item.tag, content)];
  } else if (item instanceof Map) {
    yield ["one field more", new Map([...item, [99, 0]])];
    for (const [key, value] of item) {
      yield [`without ${key}`, new Map([...item].filter(([other]) => other !== key))];
      for (const [what, changed] of changesOf(value))
        yield [
          `${key}: ${what}`,
          new Map([...item].map(([other, old]) => [other, other === key ? changed : old])),
        ];
    }
  } else if (Array.isArray(item)) {
    yield ["one field more", [...item, -1]];
    if (!isList(item)) yield ["one field fewer", item.slice(0, -1)];
    for (const [index, field] of item.entries())
      for (const [what, changed] of changesOf(field)) yield [`${index}: ${what}`, item.with(index, changed)];
  } else if (item instanceof Uint8Array) yield* changesOfBytes(item);
  else if (item === "ok" || item === "S") yield ["another word", `${item}x`];
}

function* changesOfBytes(bytes: Uint8Array): Generator<[what: string, changed: Item]> {
  if ([16, 32, 64].includes(bytes.length)) {
    yield ["one byte more", Uint8Array.of(...bytes, 0)];
    yield ["one byte fewer", bytes.slice(1)];
  }
  const isStructure = bytes.length > 40 && bytes.length !== 64 && [4, 5, 6].includes(bytes[0]! >> 5);
  if (!isStructure || !isReadable(bytes)) return;
  yield ["bytes after its end", Uint8Array.of(...bytes, 0)];
  for (const [what, changed] of changesOf(readItem(bytes))) yield [`(${what})`, writeItem(changed)];
}

/** What is sealed may begin like a structure. */
function isReadable(bytes: Uint8Array): boolean {
  try {
    readItem(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Of any number of items that are alike: one fewer is as good. */
function isList(items: readonly Item[]): boolean {
  const form = (item: Item) =>
    Array.isArray(item) || item instanceof Uint8Array ? `${item.length} in it` : typeof item;
  return items.every((item) => form(item) === form(items[0]!));
}

test("what digests are over is what the rules say", async () => {
  const fields = readItem(example.get("request")!) as Item[];
  const [assignment, salt, inputs] = [fields[7]!, fields[8]!, fields[10]!];
  const [, , outputs, blocks] = readItem(example.get("reply")!) as Item[];
  const wrap = readItem(example.get("wrap")!) as Item[];
  const workerKey = example.get("worker-key")!;
  const inner = await Promise.all(["block 0", "block 1"].map((output) => digestRaw(utf8(output))));
  const envelope = readItem(example.get("record")!) as Tagged;
  const [evidence] = WIRE_TYPES.filter(([name]) => name === "Evidence").map(([, bytes]) => bytes);
  const [closed] = [(readItem(example.get("evidence")!) as Item[]).with(5, null)];
  const over: [rule: string, tag: DigestTag, item: Item, expected: Item | undefined][] = [
    [
      "record-payload",
      "record",
      readItem((envelope.content as Item[])[2] as Uint8Array),
      example.get("record-digest"),
    ],
    ["policy-terms", "policy", readItem(example.get("policy")!), example.get("policy-digest")],
    ["asked", "request", fields.slice(0, 8), example.get("request-digest")],
    ["assignment", "assignment", assignment, example.get("assignment-digest")],
    ["committed", "input", [1, salt, inputs], example.get("input-commitment")],
    ["committed", "output", [1, salt, outputs!], example.get("output-digest")],
    ["trace", "trace", [1, [[1, 4]], blocks!], example.get("trace-root")],
    ["keyed-trace", "keyed-trace", [1, example.get("request-digest")!, workerKey, wrap[3]!, inner], wrap[4]],
    ["statement", "statement", readItem(example.get("statement")!), example.get("statement-digest")],
    ["closed-evidence", "evidence", closed!, example.get("evidence-digest")],
  ];
  for (const [rule, tag, item, expected] of over) {
    assert.ok(matcher.matches(rule, writeItem(item)), rule);
    assert.ok(matcher.matches("digested", writeItem(item)), rule);
    assert.deepEqual(new Uint8Array(await digest(tag, writeItem(item))), expected, rule);
  }
  assert.ok(matcher.matches("closed-evidence", evidence!));
  assert.ok(!matcher.matches("closed-evidence", example.get("evidence")!));
  const seed = new Uint8Array(32);
  for (const rest of [
    [workerKey],
    ["a.example"],
    [workerKey, "a.example"],
    ["a.example", workerKey],
    ["a.example", "meadow"],
  ])
    assert.ok(matcher.matches("order", writeItem([seed, ...rest])), String(rest));
});

test("text is of the form that the document says", async () => {
  const good = readItem(example.get("record")!) as Tagged;
  const payload = readItem((good.content as Item[])[2] as Uint8Array) as Item[];
  const isRecord = (index: number, value: Item) =>
    matcher.matches("record-payload", writeItem(payload.with(index, value)));
  for (const domain of ["a", "A.example", "a..b", "a.example.", "-a.example", `${"a.".repeat(126)}ab`, ""])
    assert.ok(!isRecord(5, domain), domain);
  assert.ok(isRecord(5, `${"a.".repeat(126)}a`));
  for (const slug of ["", "Meadow", "a--b", "-a", "a".repeat(49)]) assert.ok(!isRecord(9, slug), slug);
  for (const endpoint of ["ftp://a.example", "https://a.example/", "a.example"])
    assert.ok(!isRecord(8, [endpoint]), endpoint);
});

test("a real worker's answers are what the rules say", async () => {
  const variables = { MODELS: JUDGED_MODEL, REFEREE: "1" };
  const app = await createTestApp({ name: "referee", startedAt: NOW, clock: () => NOW + 1000, variables });
  const take = async (path: string, body?: Bytes) => {
    const headers = { "content-type": CBOR_MEDIA_TYPE };
    const request = new Request(`https://referee.example${path}`, body && { method: "POST", headers, body });
    const response = await app.fetch(request, () => {});
    assert.equal(response.status, 200, path);
    return new Uint8Array(await response.arrayBuffer());
  };
  const request = { ...(await createRequest("standard")), ...HERE, inputs };
  assert.ok(matcher.matches("record", await take(RECORD_PATH)));
  assert.ok(matcher.matches("reply", await take(INFER_PATH, encodeRequest(request))));
  const late = encodeRequest({ ...request, deadline: NOW });
  assert.ok(matcher.matches("refused-reply", await take(INFER_PATH, late)));
  const evidence = await createEvidence();
  assert.ok(matcher.matches("evidence", evidence));
  assert.ok(matcher.matches("judgement", await take(JUDGE_PATH, evidence)));
});

test("every rule is used, every wire type has its rule, and every role an envelope", () => {
  assert.deepEqual(Object.keys(RULES).sort(), WIRE_TYPES.map(([name]) => name).sort());
  for (const [, bytes] of WIRE_TYPES) matcher.matches("quorate", bytes);
  assert.deepEqual(
    [...rules.keys()].filter((name) => !matcher.used.has(name)),
    [],
  );
  const source = readFileSync(new URL("../../protocol/cose.ts", import.meta.url), "utf8");
  const roles = [...source.match(/^export type Role = (.*);$/m)![1]!.matchAll(/"(\w+)"/g)].map(
    ([, role]) => role!,
  );
  assert.ok(roles.length >= 5);
  for (const role of roles) assert.ok(rules.has(role) && rules.has(`${role}-payload`), role);
});
