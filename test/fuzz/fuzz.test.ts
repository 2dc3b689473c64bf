// A fixed seed for a fixed number of graphs; `node test/fuzz/main.ts` goes on for as long as it is told to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { checkCase } from "./check.ts";
import { generateCase } from "./generate.ts";
import { checkMangled } from "./mangle.ts";
import { RULES } from "./operators.ts";
import { Tally } from "./tally.ts";

const SEED = 20_261_125;
/** Every rule begins this many of them. */
const ROUNDS = 3;

test("random graphs: every kernel equals its sibling, and the engine the peer", async () => {
  const kernels = await readKernels();
  const names = Object.keys(RULES);
  const tally = new Tally(names);
  for (let index = 0; index < ROUNDS * names.length; index++) {
    const given = generateCase(SEED, index);
    const outcome = await checkCase(kernels, given);
    tally.add(given, outcome);
    const again = `node test/fuzz/main.ts --seed ${SEED} --case ${index}`;
    assert.notEqual(outcome.kind, "failed", `${"reason" in outcome ? outcome.reason : ""}; ${again}`);
  }
  assert.deepEqual(tally.missing, [], "operators that never ran");
  const { passed, refused, compared, quantized } = tally.counts;
  assert.ok(refused < passed / 20, tally.report());
  assert.ok(compared > passed * 0.9, tally.report());
  assert.ok(quantized > passed / 10, tally.report());
});

test("random graphs whose files were changed: a model, or an error with a code", async () => {
  const kernels = await readKernels();
  for (let index = 0; index < 250; index++) {
    const given = generateCase(SEED, index);
    for (let times = 0; times < 6; times++) {
      const reason = checkMangled(kernels, given, 6 * index + times);
      assert.equal(reason, null, `case ${index}, change ${6 * index + times}`);
    }
  }
});

test("a case is its seed and its number", () => {
  assert.deepEqual(generateCase(7, 3), generateCase(7, 3));
  assert.notDeepEqual(generateCase(7, 3).model, generateCase(8, 3).model);
});
