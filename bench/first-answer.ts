// One model in a process of its own, where nothing is compiled or warm: the time until its first answer, and the linear
// memory that it then holds. `node bench/first-answer.ts ENGINE MODEL DTYPE SHAPE` prints both as JSON; bench/memory.ts
// asks. Quorate's time includes reading files and checking every digest; the peers start with their model in memory.
import { findRecipe, loadArtifact } from "../cli/artifacts/artifacts.ts";
import { readTfjsSource } from "../cli/artifacts/sources.ts";
import type { Tensor } from "../protocol/tensor.ts";
import { prepareOrt } from "./ort-ocr.ts";
import { createRequest } from "./requests.ts";
import { embedTfjs, loadTfjs, runTfjs, toTfjsInput } from "./tfjs.ts";

export interface FirstAnswer {
  readonly milliseconds: number;
  readonly linearBytes: number;
}

/** Prepares what the peers get for nothing; what it returns is timed. */
type Subject = (model: string, input: Tensor) => Promise<() => Promise<unknown>>;

const SUBJECTS: Readonly<Record<string, Subject>> = {
  quorate: async (model, input) => {
    const entry = findRecipe(model);
    return async () => (await loadArtifact(entry.name, "simd128")).execute([input]);
  },
  "tfjs-backend-wasm": async (model, { dtype, shape, data }) => {
    const source = await readTfjsSource(findRecipe(model));
    if (dtype === "i32")
      return async () => embedTfjs(await loadTfjs(source), new Int32Array(data.slice().buffer));
    return async () => runTfjs(await loadTfjs(source), toTfjsInput(data, shape[1]!));
  },
  "onnxruntime-web f32": async (model, input) => async () => (await prepareOrt(model, input))(),
};

type Instantiated = WebAssembly.WebAssemblyInstantiatedSource;

/** The memories that modules export or import from now on. */
function watchMemories(): Set<WebAssembly.Memory> {
  const memories = new Set<WebAssembly.Memory>();
  const { Memory, Instance, instantiate } = WebAssembly;
  const note = ({ exports }: WebAssembly.Instance) => {
    for (const item of Object.values(exports)) if (item instanceof Memory) memories.add(item);
  };
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.add(this);
    }
  };
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      super(module, imports);
      note(this);
    }
  };
  WebAssembly.instantiate = (async (
    source: WebAssembly.Module | BufferSource,
    imports?: WebAssembly.Imports,
  ) => {
    const result = await (instantiate as (...of: unknown[]) => Promise<WebAssembly.Instance | Instantiated>)(
      source,
      imports,
    );
    note("instance" in result ? result.instance : result);
    return result;
  }) as typeof WebAssembly.instantiate;
  return memories;
}

const [subject, model, dtype, shape] = process.argv.slice(2) as [string, string, "u8" | "i32", string];
const memories = watchMemories();
const run = await SUBJECTS[subject]!(model, createRequest(dtype, shape.split("x").map(Number)));
const start = performance.now();
await run();
const milliseconds = performance.now() - start;
const linearBytes = [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
console.log(JSON.stringify({ milliseconds, linearBytes } satisfies FirstAnswer));
