import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../protocol/bytes.ts";
import {
  CodedError,
  DecodeError,
  InferenceError,
  PolicyError,
  RegistryError,
  TransportError,
  VerificationError,
} from "../../protocol/errors.ts";
import { formatProblem, parseProblem } from "../../protocol/problem.ts";

test("a coded error becomes a problem document with its own code", () => {
  const cases: [CodedError, number][] = [
    [new DecodeError("malformed", "The request is not CBOR."), 400],
    [new VerificationError("key_inadmissible", "No."), 422],
    [new InferenceError("model_unknown", "No."), 404],
    [new InferenceError("overloaded", "No."), 429],
    [new PolicyError("policy_unknown", "No."), 400],
    [new TransportError("body_too_large", "No."), 413],
    [new RegistryError("record_stale", "No."), 409],
  ];
  for (const [error, status] of cases) {
    const problem = formatProblem(error);
    assert.deepEqual(problem, {
      type: `urn:quorate:problem:${error.code}`,
      title: error.code.replaceAll("_", " "),
      status,
      detail: error.message,
      code: error.code,
    });
    const read = parseProblem(utf8(JSON.stringify(problem)));
    assert.deepEqual(read, { code: error.code, detail: error.message });
  }
});

test("anything else is a bare 500 that says nothing", () => {
  class OtherError extends CodedError<"secret_code"> {}
  const secrets = [
    new Error("secret"),
    new TypeError("secret"),
    "secret",
    null,
    undefined,
    { code: "malformed" },
  ];
  for (const error of [...secrets, new OtherError("secret_code", "secret")]) {
    const problem = formatProblem(error);
    assert.deepEqual([problem.status, problem.detail, problem.code], [500, "", "internal"]);
    assert.doesNotMatch(JSON.stringify(problem), /secret/);
  }
});

test("another's problem document is read as short printable text or not at all", () => {
  const hostile = [
    "",
    "null",
    "[]",
    "{",
    "{}",
    '{"code":1}',
    '{"code":"A B"}',
    `{"code":"${"a".repeat(65)}"}`,
  ];
  for (const text of hostile) assert.equal(parseProblem(utf8(text)), null, text);
  assert.equal(parseProblem(new Uint8Array(5000)), null);
  assert.equal(parseProblem(Uint8Array.of(0xff, 0xfe)), null);
  const tricky = parseProblem(
    utf8(JSON.stringify({ code: "overloaded", detail: `\u001b[2J${"x".repeat(999)}` })),
  );
  assert.equal(tricky?.detail.length, 400);
  assert.match(tricky?.detail ?? "", /^\?\[2J/);
});

test("errors carry code, message, cause and the name of their area", () => {
  const cause = new Error("below");
  const error = new DecodeError("malformed", "It is not CBOR.", { cause });
  assert.deepEqual(
    [error.name, error.code, error.message, error.cause],
    ["DecodeError", "malformed", "It is not CBOR.", cause],
  );
});
