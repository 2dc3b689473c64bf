import assert from "node:assert/strict";
import { test } from "node:test";
import { explainAbsence } from "../../cli/asking/absent.ts";
import { PolicyError } from "../../protocol/errors.ts";
import { POLICIES, type Policy } from "../../protocol/policy.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import { createWorker } from "../protocol/fixtures.ts";
import { NAMES, SAMPLE_POLICY } from "../protocol/policies.ts";

const sample: Policy = { ...(await parsePolicy(SAMPLE_POLICY)), title: "my.policy" };
const named = await Promise.all(NAMES.map(async (name) => (await createWorker(name)).opened));
const withOtherKeys = (domains: readonly string[]) =>
  named.map((opened) =>
    domains.includes(opened.record.operator)
      ? { ...opened, record: { ...opened.record, operatorKey: new Uint8Array(32).fill(1) } }
      : opened,
  );
const unavailable = new PolicyError("committee_unavailable", "too few");

test("says whose records have other keys than the policy's file", async () => {
  const records = withOtherKeys(["alder.example", "cedar.example"]);
  const error = await explainAbsence(unavailable, sample, async () => records);
  assert.ok(error instanceof PolicyError);
  assert.equal(error.code, "committee_unavailable");
  assert.equal(
    error.message,
    "too few; the records of alder.example, cedar.example have other keys: check the keys in my.policy",
  );
});

test("says nothing of keys where the right ones are there, beside others or alone, or no record is", async () => {
  const stranger = withOtherKeys(["alder.example"])[0]!;
  for (const records of [named, [...named, stranger], []])
    assert.equal(await explainAbsence(unavailable, sample, async () => records), unavailable);
});

test("looks for no records where another error is told, or nobody is named", async () => {
  const fail = () => Promise.reject(new Error("asked"));
  const other = new PolicyError("quorum_split", "two results");
  assert.equal(await explainAbsence(other, sample, fail), other);
  assert.equal(await explainAbsence(unavailable, POLICIES.standard, fail), unavailable);
});
