import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countLeast, countMissing, type Identity, meetsQuorum } from "../../protocol/named-quorum.ts";
import { meetsPolicy, type Policy } from "../../protocol/policy.ts";
import { parsePolicy } from "../../protocol/policy-file.ts";
import { ANY_TREE, isMet, linesOf, NAMES, operatorKey, policyBytes, type Tree } from "./policies.ts";

const IDENTITIES = new Map(
  await Promise.all(
    NAMES.map(
      async (name): Promise<[string, Identity]> => [
        name,
        { operator: `${name}.example`, operatorKey: await operatorKey(name) },
      ],
    ),
  ),
);
const SUBSETS = Array.from({ length: 2 ** NAMES.length }, (_, bits) =>
  NAMES.filter((_, index) => (bits >> index) & 1),
);
const identities = (names: readonly string[]) => names.map((name) => IDENTITIES.get(name)!);

async function parseTree(tree: Tree): Promise<Policy> {
  return parsePolicy(policyBytes(...linesOf(tree), `ask ${countOperators(tree)}`));
}

function countOperators(tree: Tree): number {
  return typeof tree === "string" ? 1 : tree.members.reduce((sum, member) => sum + countOperators(member), 0);
}

const forTrees = (check: (tree: Tree, policy: Policy) => void, seed: number) =>
  fc.assert(
    fc.asyncProperty(ANY_TREE, async (tree) => check(tree, await parseTree(tree))),
    { seed, numRuns: 60 },
  );

test("a quorum is met by exactly those sets of operators whose thresholds are", () =>
  forTrees((tree, { quorum }) => {
    for (const subset of SUBSETS)
      assert.equal(meetsQuorum(quorum, identities(subset)), isMet(tree, new Set(subset)), `${subset}`);
  }, 11));

test("what is missing is the least number of the available that meets the quorum, or cannot be had", () =>
  forTrees((tree, { quorum }) => {
    for (const present of [[], ["alder"], ["birch", "elm"]])
      for (const available of [NAMES, NAMES.slice(0, 3), []] as readonly (readonly string[])[]) {
        const sizes = SUBSETS.filter((subset) => subset.every((name) => available.includes(name)))
          .filter((subset) => isMet(tree, new Set([...present, ...subset])))
          .map((subset) => subset.filter((name) => !present.includes(name)).length);
        const least = Math.min(...sizes);
        assert.equal(countMissing(quorum!, identities(present), identities(available)), least);
      }
  }, 12));

test("a policy accepts at the least number that meets its quorum, and never one fewer", () =>
  forTrees((tree, { quorum, accept }) => {
    const sizes = SUBSETS.filter((subset) => isMet(tree, new Set(subset))).map(({ length }) => length);
    assert.equal(accept, Math.min(...sizes));
    assert.equal(countLeast(quorum!), accept);
  }, 13));

test("signers beside the named, their copies and their masks neither meet a policy nor spoil it", () =>
  forTrees((tree, policy) => {
    const strangers = ["gum", "hazel"].map((name) => ({
      operator: `${name}.example`,
      operatorKey: new Uint8Array(32).fill(name.length),
    }));
    for (const subset of SUBSETS.slice(0, 16)) {
      const named = identities(subset);
      // A named domain with another key, and a named key with another domain, are not the named operator.
      const masks = identities(NAMES).flatMap(({ operator, operatorKey: key }) => [
        { operator, operatorKey: new Uint8Array(32).fill(7) },
        { operator: "mask.example", operatorKey: key },
      ]);
      const parties = [...masks, ...strangers, ...named, ...named];
      const signers = parties.map((party, index) => ({ ...party, provider: `p${index}` }));
      assert.equal(meetsPolicy(policy, signers), isMet(tree, new Set(subset)), `${subset}`);
    }
  }, 14));
