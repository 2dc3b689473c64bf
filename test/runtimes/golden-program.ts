// The program that every runtime runs: it fetches a job, computes it with the engine, and posts what came out. It
// needs fetch, Web Crypto and WebAssembly, and knows no platform.

import { loadModel } from "../../engine/index.ts";
import { concatBytes, formatHex, parseBase64Url, parseHex } from "../../protocol/bytes.ts";
import { digestRaw } from "../../protocol/digest.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import type { Isa } from "../../wasm/families.ts";
import {
  ARTIFACTS_PATH,
  type Computations,
  type Computed,
  JOB_PATH,
  type Job,
  type JobInput,
  type JobModel,
  KERNELS_PATH,
  OUTCOME_PATH,
  type Outcome,
} from "./job.ts";
import { computeOperators } from "./operators-program.ts";

/** Whatever goes wrong is posted too: nobody looks at the console of a headless browser. */
export async function runJob(origin: string, kernels?: WebAssembly.Module): Promise<void> {
  const outcome: Outcome = await computeJob(origin, kernels).then(
    (computations) => computations,
    (error: unknown) => ({ failure: error instanceof Error ? `${error}\n${error.stack}` : String(error) }),
  );
  await fetch(`${origin}${OUTCOME_PATH}`, { method: "POST", body: JSON.stringify(outcome) });
}

async function computeJob(origin: string, given?: WebAssembly.Module): Promise<Computations> {
  const job: Job = await (await read(origin, JOB_PATH)).json();
  const kernels =
    given ?? (await WebAssembly.compile(await (await read(origin, KERNELS_PATH)).arrayBuffer()));
  const models: Computed[] = [];
  for (const model of job) {
    for (const isa of new Set(model.inputs.flatMap(({ isas }) => isas))) {
      models.push(...(await computeModel(origin, kernels, model, isa)));
    }
  }
  return { models, operators: await computeOperators(kernels) };
}

async function computeModel(
  origin: string,
  kernels: WebAssembly.Module,
  { name, digest, inputs }: JobModel,
  isa: Isa,
): Promise<Computed[]> {
  const folder = `${ARTIFACTS_PATH}/${digest}`;
  const model = await loadModel({
    kernels,
    isa,
    manifest: new Uint8Array(await (await read(origin, `${folder}/manifest.cbor`)).arrayBuffer()),
    model: parseHex(digest),
    openChunk: async (index) => (await read(origin, `${folder}/${index}.bin`)).body!,
  });
  const computed: Computed[] = [];
  for (const input of inputs.filter(({ isas }) => isas.includes(isa))) {
    const { outputs, blocks } = await model.run({ inputs: decodeInputs(input) });
    computed.push({
      model: name,
      input: input.name,
      isa,
      output: formatHex(await digestRaw(concatBytes(...outputs.map(({ data }) => data)))),
      blocks: formatHex(await digestRaw(concatBytes(...blocks))),
    });
  }
  return computed;
}

function decodeInputs({ tensors }: JobInput): Tensor[] {
  return tensors.map(({ dtype, shape, data }) => ({ dtype, shape, data: parseBase64Url(data) }));
}

async function read(origin: string, path: string): Promise<Response> {
  const response = await fetch(`${origin}${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
