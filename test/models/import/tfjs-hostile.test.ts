// A model.json that nobody's exporter wrote: whatever stands in it, an error with a code or a model that can be planned.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../../cli/artifacts/artifacts.ts";
import { createProgram } from "../../../models/compile.ts";
import { readTfjsGraphModel } from "../../../models/import/tfjs/graph-model.ts";
import { ANONYMOUS, emitProgram } from "../../../models/manifest.ts";
import { CodedError } from "../../../protocol/errors.ts";
import { createRandom } from "../../kernels/random.ts";
import { createTinySource, TINY_RECIPE } from "../tiny-model.ts";

const kernels = await readKernels();
const HOSTILE = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  "",
  "-1",
  "x",
  "9007199254740993",
  "__proto__",
  [],
  {},
  [[]],
];
const ROUNDS = 3000;
/** The whole takes seconds. */
const MAX_MS = 60_000;

type Branch = Record<string, unknown>;

/** Every place in the tree, as what holds it and its key there. */
function* places(branch: Branch): Generator<[Branch, string]> {
  for (const [key, value] of Object.entries(branch)) {
    yield [branch, key];
    if (typeof value === "object" && value !== null) yield* places(value as Branch);
  }
}

/** Throws what is no refusal by code. */
function compiles(model: unknown, weights: Uint8Array): boolean {
  try {
    const graph = readTfjsGraphModel({ model, weights });
    emitProgram(createProgram(graph, TINY_RECIPE, kernels), ANONYMOUS);
    return true;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return false;
  }
}

test("survives anything in the place of anything", () => {
  const random = createRandom(20_261);
  const { model, weights } = createTinySource();
  const text = JSON.stringify(model);
  assert.ok(compiles(JSON.parse(text), weights));
  const started = performance.now();
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const changed = JSON.parse(text) as Branch;
    for (let times = random.integer(1, 2); times > 0; times--) {
      const all = [...places(changed)];
      const [branch, key] = all[random.integer(0, all.length - 1)]!;
      const [other, from] = all[random.integer(0, all.length - 1)]!;
      const kind = random.integer(0, 2);
      if (kind === 0 && Array.isArray(branch)) branch.splice(Number(key), 1);
      else if (kind === 0) delete branch[key];
      else if (kind === 1) branch[key] = structuredClone(other[from]);
      else branch[key] = structuredClone(HOSTILE[random.integer(0, HOSTILE.length - 1)]);
    }
    if (!compiles(changed, weights)) refused++;
  }
  assert.ok(refused > ROUNDS / 10 && refused < ROUNDS, `${refused} of ${ROUNDS} were refused`);
  assert.ok(performance.now() - started < MAX_MS);
});

test("refuses axes beyond the rank of an image", () => {
  const { model, weights } = createTinySource(({ modelTopology }) => {
    const squeeze = modelTopology.node.find((node) => "op" in node && node.op === "Squeeze");
    Object.assign(squeeze!, { attr: { squeeze_dims: { list: { i: ["1", "9"] } } } });
  });
  assert.equal(compiles(model, weights), false);
});
