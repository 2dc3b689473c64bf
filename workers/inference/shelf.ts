// The models that a worker serves: named by its settings, loaded from the artifact folder when first asked for.

import type { loadModel, Model } from "../../engine/index.ts";
import { type Bytes, formatHex, parseHex } from "../../protocol/bytes.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { Hold } from "../http.ts";

/** Where artifacts are read from: an assets binding, or a folder. */
export interface Artifacts {
  /** `path` is relative, with `/`. Null if there is no such file. */
  open(path: string): Promise<ReadableStream<Uint8Array> | null>;
}

export interface ModelState {
  readonly digest: string; // hex
  readonly state: "unloaded" | "ready" | "refused";
  readonly memoryBytes: number | null;
  /** Why it is refused: an artifact that was deployed wrong stays wrong until it is deployed again. */
  readonly refusal: InferenceError | null;
}

export interface Shelf {
  /** Digests of the models on offer. Throws InferenceError model_unknown, chunk_unavailable. */
  digests(): Promise<Bytes[]>;
  /** Throws InferenceError model_unknown, and what loadModel throws. */
  load(digest: Bytes, hold: Hold): Promise<Model>;
  /** Of the models that were asked for so far. */
  states(): ModelState[];
}

/** Failures that may pass. Any other InferenceError while loading says that the artifact is not fit to be served. */
const PASSING_CODES: ReadonlySet<string> = new Set(["chunk_unavailable", "memory_exhausted"]);

type Entry =
  | { readonly state: "loading"; readonly model: Promise<Model> }
  | { readonly state: "ready"; readonly model: Model }
  | { readonly state: "refused"; readonly refusal: InferenceError };

export function createShelf(options: {
  readonly names: readonly string[];
  readonly artifacts: Artifacts;
  readonly kernels: WebAssembly.Module;
  readonly loadModel: typeof loadModel;
}): Shelf {
  const { names, artifacts, kernels } = options;
  // One entry for each model on offer that was asked for, by hex digest.
  const entries = new Map<string, Entry>();
  let offered: Bytes[] | null = null;

  const digests = async (): Promise<Bytes[]> => {
    offered ??= await readDigests(artifacts, names);
    return [...offered];
  };

  const read = async (digest: Bytes): Promise<Model> => {
    const folder = formatHex(digest);
    return options.loadModel({
      kernels,
      isa: "simd128",
      manifest: await readWhole(artifacts, `${folder}/manifest.cbor`),
      model: digest,
      openChunk: (index) => openFile(artifacts, `${folder}/${index}.bin`),
    });
  };

  const begin = (key: string, digest: Bytes, hold: Hold): Entry => {
    const model = read(digest).then(
      (loaded) => {
        entries.set(key, { state: "ready", model: loaded });
        return loaded;
      },
      (error: unknown) => {
        if (error instanceof InferenceError && !PASSING_CODES.has(error.code)) {
          entries.set(key, { state: "refused", refusal: error });
        } else entries.delete(key);
        throw error;
      },
    );
    // Requests that come meanwhile wait for this one promise, so it must outlive the request that began it.
    hold(model.catch(() => {}));
    const entry: Entry = { state: "loading", model };
    entries.set(key, entry);
    return entry;
  };

  return {
    digests,
    async load(digest, hold) {
      const key = formatHex(digest);
      if (!(await digests()).some((known) => formatHex(known) === key)) {
        throw new InferenceError("model_unknown", `this worker does not serve model ${key}`);
      }
      const entry = entries.get(key) ?? begin(key, digest, hold);
      if (entry.state === "refused") throw entry.refusal;
      return entry.model;
    },
    states: () =>
      Array.from(entries, ([digest, entry]) => ({
        digest,
        state: entry.state === "loading" ? "unloaded" : entry.state,
        memoryBytes: entry.state === "ready" ? entry.model.memoryBytes : null,
        refusal: entry.state === "refused" ? entry.refusal : null,
      })),
  };
}

/** models.json, written by the model builder: `{ "<name>": { "digest": "<hex of the model digest>" } }`. */
async function readDigests(artifacts: Artifacts, names: readonly string[]): Promise<Bytes[]> {
  const text = new TextDecoder().decode(await readWhole(artifacts, "models.json"));
  const index = JSON.parse(text) as Readonly<Record<string, { readonly digest: string }>>;
  return names.map((name) => {
    const entry = index[name];
    if (entry === undefined) {
      const known = Object.keys(index).join(", ");
      throw new InferenceError("model_unknown", `models.json has no "${name}", only ${known}`);
    }
    return parseHex(entry.digest);
  });
}

async function openFile(artifacts: Artifacts, path: string): Promise<ReadableStream<Uint8Array>> {
  const stream = await artifacts.open(path);
  if (stream === null) {
    throw new InferenceError(
      "chunk_unavailable",
      `${path} is not among the artifacts: build and deploy them again`,
    );
  }
  return stream;
}

async function readWhole(artifacts: Artifacts, path: string): Promise<Bytes> {
  const stream = await openFile(artifacts, path);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
