import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  distinctOperators,
  meetsPolicy,
  type Party,
  POLICIES,
  POLICY_NAMES,
  parsePolicyName,
} from "../../protocol/policy.ts";

function party(operator: string, key: number, provider: string): Party {
  return { operator, operatorKey: new Uint8Array(32).fill(key), provider };
}

test("a policy is named exactly, and an unknown one is refused with the choices", () => {
  for (const name of POLICY_NAMES) assert.equal(parsePolicyName(name, POLICY_NAMES), name);
  for (const name of ["", "Standard", "fast ", "none", "local", "__proto__", "toString"])
    assert.throws(() => parsePolicyName(name, POLICY_NAMES), {
      code: "policy_unknown",
      message: /fast, standard, strict/,
    });
});

test("counts one operator once even with two keys, and once even with two domains", () => {
  const a = party("a.example", 1, "one");
  assert.equal(distinctOperators([a, party("a.example", 2, "two")]).length, 1);
  assert.equal(distinctOperators([a, party("b.example", 1, "two")]).length, 1);
  assert.equal(distinctOperators([a, party("b.example", 2, "two")]).length, 2);
});

test("operators linked through a third are one, in every order", () => {
  const parties = [
    party("a.example", 1, "one"),
    party("b.example", 2, "two"),
    party("a.example", 2, "three"),
  ];
  for (const [i, j, k] of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const)
    assert.equal(distinctOperators([parties[i]!, parties[j]!, parties[k]!]).length, 1);
});

test("duplicates never help to meet a policy", () => {
  const anyParty = fc
    .tuple(fc.constantFrom("a.example", "b.example", "c.example"), fc.integer({ min: 1, max: 3 }))
    .map(([operator, key]) => party(operator, key, "one"));
  fc.assert(
    fc.property(fc.array(anyParty, { maxLength: 6 }), (parties) => {
      const distinct = distinctOperators(parties);
      assert.ok(distinct.length <= new Set(parties.map((p) => p.operator)).size);
      assert.ok(distinct.length <= new Set(parties.map((p) => p.operatorKey[0])).size);
      assert.equal(distinctOperators([...parties, ...parties]).length, distinct.length);
    }),
    { seed: 7 },
  );
});

test("standard needs two operators of two providers, strict five of three", () => {
  const of = (providers: string[]) => providers.map((provider, i) => party(`o${i}.example`, i, provider));
  assert.ok(meetsPolicy(POLICIES.fast, of(["one"])));
  assert.ok(!meetsPolicy(POLICIES.fast, []));
  assert.ok(meetsPolicy(POLICIES.standard, of(["one", "two"])));
  assert.ok(!meetsPolicy(POLICIES.standard, of(["one", "one"])));
  assert.ok(!meetsPolicy(POLICIES.standard, of(["one"])));
  assert.ok(meetsPolicy(POLICIES.strict, of(["one", "two", "three", "one", "two"])));
  assert.ok(!meetsPolicy(POLICIES.strict, of(["one", "two", "three", "one"])));
  assert.ok(!meetsPolicy(POLICIES.strict, of(["one", "two", "one", "one", "two"])));
});
