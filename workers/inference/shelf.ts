// The models that a worker serves: named by its settings, loaded from the artifact folder when asked for, and unloaded
// when others need their memory.

import type { loadModel, Model } from "../../engine/index.ts";
import { type Bytes, formatHex, parseHex } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { Hold } from "../http.ts";
import { MemoryBudget, Tenant } from "./memory-budget.ts";
import type { requiredMemory } from "./required-memory.ts";

/** Where artifacts are read from: an assets binding, or a folder. */
export interface Artifacts {
  /** `path` is relative, with `/`. Null if there is no such file. */
  open(path: string): Promise<ReadableStream<Uint8Array> | null>;
}

export interface ModelState {
  readonly digest: string; // hex
  /** `unloaded`: it was ready, and left its memory to another; the next request loads it again. */
  readonly state: "loading" | "ready" | "unloaded" | "refused";
  readonly memoryBytes: number | null;
  /** Why it is refused: an artifact that was deployed wrong stays wrong until it is deployed again. */
  readonly refusal: InferenceError | null;
}

export interface Shelf {
  /** Digests of the models on offer. Throws InferenceError artifact_unavailable, TypeError. */
  digests(): Promise<Bytes[]>;
  /**
   * Calls `run` with the model, which stays in memory until that is done. Throws what `run` throws, InferenceError
   * model_unknown, artifact_unavailable, chunk_unavailable, memory_exhausted, and what loadModel throws.
   */
  use<T>(digest: Bytes, hold: Hold, run: (model: Model) => Promise<T>): Promise<T>;
  /** Loads a model that was not loaded yet, to see that it is fit to be served. Throws as `use` does. */
  check(digest: Bytes, hold: Hold): Promise<void>;
  /** Of the models that were asked for so far. */
  states(): ModelState[];
}

/** Failures that may pass. Any other InferenceError while loading says that the model is not fit to be served here. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  "artifact_unavailable",
  "chunk_unavailable",
  "memory_exhausted", // of the host: at another time it has more
]);

interface Entry {
  readonly tenant: Tenant;
  readonly model: Promise<Model>;
  ready: boolean;
}

/** Nothing is read before the first call. A model's load is shared by all who wait for it. */
export function createShelf(options: {
  readonly names: readonly string[];
  readonly artifacts: Artifacts;
  readonly kernels: WebAssembly.Module;
  /** What all loaded models may take together. */
  readonly budgetBytes: number;
  readonly requiredMemory: typeof requiredMemory;
  readonly loadModel: typeof loadModel;
}): Shelf {
  const { names, artifacts, kernels } = options;
  const budget = new MemoryBudget(options.budgetBytes);
  // All by hex digest: what is loaded or being loaded; what was loaded at least once; what never will be.
  const entries = new Map<string, Entry>();
  const checked = new Set<string>();
  const refusals = new Map<string, InferenceError>();
  let offered: Bytes[] | null = null;

  const digests = async (): Promise<Bytes[]> => {
    offered ??= await readDigests(artifacts, names);
    return [...offered];
  };

  const read = async (digest: Bytes, tenant: Tenant): Promise<Model> => {
    const folder = formatHex(digest);
    const manifest = await readWhole(artifacts, `${folder}/manifest.cbor`);
    const bytes = options.requiredMemory(manifest);
    if (bytes > budget.bytes) {
      const message = `model ${folder} needs ${bytes} bytes, MEMORY_BUDGET_MIB allows ${budget.bytes}; nothing was loaded`;
      const refusal = new InferenceError("memory_exhausted", message);
      refusals.set(folder, refusal); // whatever is unloaded for it
      throw refusal;
    }
    await budget.admit(tenant, bytes);
    return options.loadModel({
      kernels,
      isa: "simd128",
      manifest,
      model: digest,
      openChunk: (index) => openFile(artifacts, `${folder}/${index}.bin`, "chunk_unavailable"),
    });
  };

  const begin = (key: string, digest: Bytes): Entry => {
    const forget = () => {
      if (entries.get(key)?.tenant === tenant) entries.delete(key);
    };
    const tenant = new Tenant(forget);
    const model = read(digest, tenant).then(
      (loaded) => {
        entry.ready = true;
        checked.add(key);
        return loaded;
      },
      (error: unknown) => {
        forget();
        budget.remove(tenant);
        if (error instanceof InferenceError && !PASSING_CODES.has(error.code)) refusals.set(key, error);
        throw error;
      },
    );
    const entry: Entry = { tenant, model, ready: false };
    entries.set(key, entry);
    return entry;
  };

  const use: Shelf["use"] = async (digest, hold, run) => {
    const key = formatHex(digest);
    if (!(await digests()).some((known) => formatHex(known) === key)) {
      throw new InferenceError(
        "model_unknown",
        `this worker does not serve model ${key}; its record lists those that it does`,
      );
    }
    const refusal = refusals.get(key);
    if (refusal !== undefined) throw refusal;
    const { tenant, model } = entries.get(key) ?? begin(key, digest);
    const used = budget.use(tenant, async () => run(await model));
    // Others wait for what this request loads, or for the memory that it uses, so both must outlive it.
    hold(used.catch(() => {}));
    return used;
  };

  const describe = (digest: string): ModelState => {
    const refusal = refusals.get(digest) ?? null;
    const entry = entries.get(digest);
    const ready = refusal === null && entry?.ready === true;
    const state =
      refusal !== null ? "refused" : entry === undefined ? "unloaded" : ready ? "ready" : "loading";
    return { digest, state, memoryBytes: ready ? entry.tenant.bytes : null, refusal };
  };

  return {
    digests,
    use,
    async check(digest, hold) {
      const key = formatHex(digest);
      if (!checked.has(key) || refusals.has(key)) await use(digest, hold, async () => {});
    },
    states: () => Array.from(new Set([...checked, ...entries.keys(), ...refusals.keys()]), describe),
  };
}

/** models.json, written by the model builder: `{ "<name>": { "digest": "<hex of the model digest>" } }`. */
async function readDigests(artifacts: Artifacts, names: readonly string[]): Promise<Bytes[]> {
  const index = parseIndex(new TextDecoder().decode(await readWhole(artifacts, "models.json")));
  return names.map((name) => {
    const digest = index.get(name);
    if (digest !== undefined) return digest;
    // A wrong setting, as in parseSettings: the operator's mistake, not the asker's.
    const known = [...index.keys()].join(", ");
    throw new TypeError(`MODELS names "${name}", but models.json has only ${known}; see docs/operating.md`);
  });
}

/** Model digests by name. Throws InferenceError artifact_unavailable. */
function parseIndex(text: string): Map<string, Bytes> {
  try {
    const index = JSON.parse(text) as Readonly<Record<string, { readonly digest: string }>>;
    return new Map(Object.entries(index).map(([name, { digest }]) => [name, parseHex(digest)]));
  } catch (cause) {
    throw new InferenceError("artifact_unavailable", "models.json is damaged; build and deploy it again", {
      cause,
    });
  }
}

async function openFile(
  artifacts: Artifacts,
  path: string,
  code: "artifact_unavailable" | "chunk_unavailable",
): Promise<ReadableStream<Uint8Array>> {
  const stream = await artifacts.open(path);
  if (stream !== null) return stream;
  throw new InferenceError(code, `${path} is not among the artifacts; build and deploy them again`);
}

/** The artifacts are the operator's own, so their size is not bounded here. */
async function readWhole(artifacts: Artifacts, path: string): Promise<Bytes> {
  const stream = await openFile(artifacts, path, "artifact_unavailable");
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
