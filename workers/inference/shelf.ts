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
  readonly state: "loading" | "ready" | "refused";
  readonly memoryBytes: number | null;
  /** Why it is refused: an artifact that was deployed wrong stays wrong until it is deployed again. */
  readonly refusal: InferenceError | null;
}

export interface Shelf {
  /** Digests of the models on offer. Throws InferenceError artifact_unavailable, TypeError. */
  digests(): Promise<Bytes[]>;
  /** Throws InferenceError model_unknown, artifact_unavailable, chunk_unavailable, and what loadModel throws. */
  load(digest: Bytes, hold: Hold): Promise<Model>;
  /** Of the models that were asked for so far. */
  states(): ModelState[];
}

/** Failures that may pass. Any other InferenceError while loading says that the artifact is not fit to be served. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  "artifact_unavailable",
  "chunk_unavailable",
  "memory_exhausted",
]);

type Entry =
  | { readonly state: "loading"; readonly model: Promise<Model> }
  | { readonly state: "ready"; readonly model: Model }
  | { readonly state: "refused"; readonly refusal: InferenceError };

/** Nothing is read before the first call. A model's load is shared by all who wait for it. */
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
      openChunk: (index) => openFile(artifacts, `${folder}/${index}.bin`, "chunk_unavailable"),
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
        throw new InferenceError(
          "model_unknown",
          `this worker does not serve model ${key}; its record lists those that it does`,
        );
      }
      const entry = entries.get(key) ?? begin(key, digest, hold);
      if (entry.state === "refused") throw entry.refusal;
      return entry.model;
    },
    states: () =>
      Array.from(entries, ([digest, entry]) => ({
        digest,
        state: entry.state,
        memoryBytes: entry.state === "ready" ? entry.model.memoryBytes : null,
        refusal: entry.state === "refused" ? entry.refusal : null,
      })),
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
