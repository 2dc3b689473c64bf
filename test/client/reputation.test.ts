import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatReputation,
  isExcluded,
  parseReputation,
  type Reputation,
  rememberSightings,
  type Sighting,
  withoutExcluded,
} from "../../client/reputation.ts";
import { isSteady, isUnsteady, putSteadyFirst } from "../../client/steadiness.ts";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { bytesFor, createWorker, NOW } from "../protocol/fixtures.ts";

const evidence = "ab".repeat(32);
const operatorKey = await bytesFor("operator a");
const who = { operator: "a.example", operatorKey };
const see = (...kinds: ("answer" | "refusal" | "failure" | "copied")[]): Reputation =>
  rememberSightings(
    new Map(),
    kinds.map((kind) => ({ ...who, kind })),
    NOW,
  );
const only = (reputation: Reputation) => [...reputation.values()][0]!;

test("failures and refusals, however many, exclude nobody", () => {
  const reputation = see(...Array<"failure">(50).fill("failure"), "refusal", "answer");
  const { answers, refusals, failures } = only(reputation);
  assert.deepEqual([answers, refusals, failures], [1, 1, 50]);
  assert.equal(isExcluded(only(reputation)), false);
});

test("two misses in a row make an operator unsteady, one answer ends it, and the unknown are neither", () => {
  const states = (...kinds: Parameters<typeof see>) => {
    const standing = kinds.length === 0 ? undefined : only(see(...kinds));
    return [isSteady(standing), isUnsteady(standing)];
  };
  assert.deepEqual(states(), [false, false]);
  assert.deepEqual(states("failure"), [false, false]);
  assert.deepEqual(states("failure", "refusal"), [false, true]);
  assert.deepEqual(states("refusal", "failure", "answer"), [true, false]);
  assert.deepEqual(states("answer", "failure"), [false, false]);
  assert.deepEqual(states("copied"), [false, false]);
});

test("nobody moves twice, and the unknown neither gain nor lose", () => {
  const standings = new Map([
    ["u", only(see("failure", "failure"))],
    ["s", only(see("answer"))],
  ]);
  const order = (given: string) => putSteadyFirst([...given], (each) => standings.get(each)).join("");
  assert.equal(order("us"), "su");
  assert.equal(order("uus"), "usu");
  assert.equal(order("uss"), "sus");
  assert.equal(order("ususs"), "susus");
  for (const kept of ["", "u", "su", "u?s", "?s", "ss", "uu"]) assert.equal(order(kept), kept);
});

test("one lie excludes, and one copied answer", () => {
  const lied = rememberSightings(see("answer"), [{ ...who, kind: "lie", evidence }], NOW);
  assert.deepEqual(only(lied).lies, [evidence]);
  assert.ok(isExcluded(only(lied)));
  assert.ok(isExcluded(only(see("answer", "copied"))));
});

test("a liar is not asked under another domain, and whoever claims its domain with another key is", async () => {
  const liar = await createWorker("a", { operatorSeed: "liar" });
  const again = await createWorker("b", { operator: "other.example", operatorSeed: "liar" });
  const neighbour = await createWorker("c", { operator: "a.example", operatorSeed: "neighbour" });
  const { operator, operatorKey } = liar.opened.record;
  const reputation = rememberSightings(new Map(), [{ operator, operatorKey, kind: "lie", evidence }], NOW);
  const records = [liar.opened, again.opened, neighbour.opened];
  assert.deepEqual(withoutExcluded(records, reputation), [neighbour.opened]);
  assert.deepEqual(withoutExcluded(records, new Map()), records);
});

test("made-up operators push out neither a liar nor the file's bound", async () => {
  const lied = rememberSightings(new Map(), [{ ...who, kind: "lie", evidence }], NOW);
  const made = await Promise.all(
    Array.from(
      { length: 1100 },
      async (_, index): Promise<Sighting> => ({
        operator: `x${index}.example`,
        operatorKey: await bytesFor(`x${index}`),
        kind: "answer",
      }),
    ),
  );
  const full = rememberSightings(lied, made, NOW + 1);
  assert.equal(full.size, 1024);
  assert.ok(isExcluded(full.get(formatBase64Url(operatorKey))!));
});

test("the file is read back as it was, and nothing else is read", () => {
  const reputation = rememberSightings(see("answer", "copied"), [{ ...who, kind: "lie", evidence }], NOW);
  const text = formatReputation(reputation);
  assert.deepEqual(parseReputation(text), reputation);
  assert.deepEqual(parseReputation(formatReputation(new Map())), new Map());
  const damaged = [
    text.slice(0, -3),
    text.replace('"version": 1', '"version": 2'),
    text.replace(evidence, "ab"),
    text.replace('"copied":1', '"copied":-1'),
    text.replace('"misses":0,', ""),
    text.replace('"answers":1', '"answers":"1"'),
    "",
    "null",
  ];
  for (const other of damaged) {
    assert.notEqual(other, text);
    assert.throws(() => parseReputation(other), { code: "text_malformed" }, other);
  }
});
