// The test of one runtime: every built model computes its golden outputs and blocks there, and every operator what it
// computes in this process, by either sibling of the kernels. Each runtime has a file of its own, so that each has the
// whole time that a file may take.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { readKernels } from "../../cli/artifacts/artifacts.ts";
import { formatBase64Url } from "../../protocol/bytes.ts";
import { ISAS, type Isa } from "../../wasm/families.ts";
import { GOLDENS, type GoldenInput, type GoldenModel } from "../support/golden.ts";
import type { Computations, Job, JobInput } from "./job.ts";
import { compute, type Launcher } from "./launcher.ts";
import { computeOperators } from "./operators-program.ts";

const MODELS: readonly (readonly [name: string, golden: GoldenModel])[] = Object.entries(GOLDENS);

/** It needs the built artifacts. */
export function testRuntime(launcher: Launcher): void {
  describe(launcher.name, () => {
    let missing: string | null;
    let computed: Computations = { models: [], operators: {} };
    before(async () => {
      missing = await launcher.missing();
      if (missing === null) computed = await compute(launcher, await createJob(launcher));
    });

    for (const [name, golden] of MODELS) {
      for (const isa of ISAS) {
        const inputs = selectInputs(launcher, golden, isa);
        const titles = inputs.map((input) => input.name).join(", ");
        test(`computes the golden outputs and blocks of ${name} on ${isa} kernels: ${titles}`, (t) => {
          if (missing !== null) return t.skip(missing);
          const found = computed.models.filter((run) => run.model === name && run.isa === isa);
          assert.deepEqual(
            found.map(({ input, output, blocks }) => ({ input, output, blocks })),
            inputs.map((input) => ({ input: input.name, output: input.output, blocks: input.blocks })),
          );
        });
      }
    }

    test("gives the bytes of this process for every operator, whatever goes in", async (t) => {
      if (missing !== null) return t.skip(missing);
      assert.deepEqual(computed.operators, await computeOperators(await readKernels()));
    });
  });
}

/** Scalar kernels would take minutes on an emulated processor, so they get only the first input there. */
function selectInputs({ emulated }: Launcher, { inputs }: GoldenModel, isa: Isa): readonly GoldenInput[] {
  return emulated && isa === "scalar" ? inputs.slice(0, 1) : inputs;
}

async function createJob(launcher: Launcher): Promise<Job> {
  const models = MODELS.map(async ([name, golden]) => {
    const inputs = golden.inputs.map(async (input): Promise<JobInput> => {
      const isas = ISAS.filter((isa) => selectInputs(launcher, golden, isa).includes(input));
      const tensors = await input.tensors();
      return {
        name: input.name,
        isas,
        tensors: tensors.map((tensor) => ({ ...tensor, data: formatBase64Url(tensor.data) })),
      };
    });
    return { name, digest: golden.model, inputs: await Promise.all(inputs) };
  });
  return Promise.all(models);
}
