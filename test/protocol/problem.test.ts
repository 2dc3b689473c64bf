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
    [new DecodeError("malformed", "the request is not CBOR"), 400],
    [new VerificationError("key_inadmissible", "no"), 422],
    [new InferenceError("model_unknown", "no"), 404],
    [new InferenceError("artifact_unavailable", "no"), 503],
    [new TransportError("body_too_large", "no"), 413],
    [new TransportError("body_too_slow", "no"), 408],
    [new RegistryError("record_stale", "no"), 409],
    [new RegistryError("operator_full", "no"), 409],
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
  // A client's own codes, and a code of the wire on somebody else's class, do not leave a server either.
  const strangers = [
    new OtherError("secret_code", "secret"),
    new CodedError("malformed", "secret"),
    new PolicyError("quorum_split", "secret"),
    new TransportError("unreachable", "secret"),
  ];
  for (const error of [...secrets, ...strangers]) {
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
    utf8(JSON.stringify({ code: "key_quarantined", detail: `\u001b[2J${"x".repeat(999)}` })),
  );
  assert.equal(tricky?.detail.length, 400);
  assert.match(tricky?.detail ?? "", /^\?\[2J/);
});

test("errors carry code, message, cause and the name of their area", () => {
  const cause = new Error("below");
  const error = new DecodeError("malformed", "it is not CBOR", { cause });
  assert.deepEqual(
    [error.name, error.code, error.message, error.cause],
    ["DecodeError", "malformed", "it is not CBOR", cause],
  );
});
