// An inference worker: answers POST /v1/infer, shows its record and its health, publishes the record. Knows no
// platform: clock, randomness, artifacts and the compiled kernels come from an adapter.

import { engineDigest, type loadModel } from "../../engine/index.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { decodeRequest } from "../../protocol/request.ts";
import {
  bytesReply,
  CBOR_CONTENT_TYPE,
  COSE_CONTENT_TYPE,
  createHandler,
  type Hold,
  jsonReply,
  type Reply,
  readBody,
} from "../http.ts";
import { checkRequest, infer } from "./infer.ts";
import { MAX_REQUEST_BODY_BYTES, PUBLISH_INTERVAL_MS } from "./limits.ts";
import { type Publication, publishRecord } from "./publish.ts";
import { createRecordSource, type SignedRecord } from "./record.ts";
import { parseSettings, type Variables } from "./settings.ts";
import { type Artifacts, createShelf, type ModelState } from "./shelf.ts";

export interface InferenceOptions {
  readonly variables: Variables;
  readonly artifacts: Artifacts;
  /** wasm/kernels.wasm. On workerd an imported module: nothing can be compiled there. */
  readonly kernels: WebAssembly.Module;
  /** Text of wasm/digests.json. */
  readonly digestsJson: string;
  readonly loadModel: typeof loadModel;
  /** Unix ms of the deployment, or of the start of a single process: it numbers the records. */
  readonly startedAt: number;
  /** Unix ms. */
  clock(): number;
  randomBytes(length: number): Bytes;
  /** Told of errors that no code explains. */
  report(error: unknown): void;
}

export interface InferenceApp {
  fetch(request: Request, hold: Hold): Promise<Response>;
  /**
   * Loads and checks every model, then tells all regions of this worker. Throws InferenceError if a model is not
   * fit to be served: such a worker must not be found.
   */
  publish(hold: Hold): Promise<Publication[]>;
}

/** Throws TypeError for settings that cannot work. */
export async function createInferenceApp(options: InferenceOptions): Promise<InferenceApp> {
  const { artifacts, kernels, startedAt, clock, randomBytes, report } = options;
  const settings = parseSettings(options.variables);
  const engine = await engineDigest(options.digestsJson);
  const workerKey = await publicKey(settings.workerKey);
  const shelf = createShelf({ names: settings.models, artifacts, kernels, loadModel: options.loadModel });
  const records = createRecordSource({ settings, engine, startedAt, models: shelf.digests });

  let published: SignedRecord | null = null;
  // The first to sign under a new record may be ahead of the hourly publication, and then tells the regions itself:
  // a receipt is refused if it names a record that the asker cannot find.
  const publishOnce = async (record: SignedRecord): Promise<void> => {
    if (published === record) return;
    published = record;
    await publishRecord(record.bytes, settings.regions);
  };

  const answer = async (request: Request, hold: Hold): Promise<Reply> => {
    const body = await readBody(request, {
      contentType: CBOR_CONTENT_TYPE,
      maxBytes: MAX_REQUEST_BODY_BYTES,
    });
    const asked = decodeRequest(body);
    checkRequest(asked, engine, clock());
    const model = await shelf.load(asked.model, hold);
    const record = await records(clock());
    if (clock() - record.issuedAt < PUBLISH_INTERVAL_MS) hold(publishOnce(record));
    const signing = { secretKey: settings.workerKey, workerKey, record: record.digest, clock, randomBytes };
    return bytesReply(CBOR_CONTENT_TYPE, await infer(model, asked, signing));
  };

  const showRecord = async (): Promise<Reply> => {
    // A worker that refuses to serve must not be found, here as little as in a region.
    for (const { refusal } of shelf.states()) if (refusal !== null) throw refusal;
    return bytesReply(COSE_CONTENT_TYPE, (await records(clock())).bytes);
  };

  const showHealth = (): Reply => {
    const models = shelf.states();
    const refusing = models.some((model) => model.state === "refused");
    return jsonReply(refusing ? 503 : 200, {
      status: refusing ? "refusing" : "ok",
      engine: formatHex(engine),
      models: models.map(describeModel),
    });
  };

  return {
    fetch: createHandler(
      [
        { method: "POST", path: "/v1/infer", handle: answer },
        { method: "GET", path: "/v1/record", handle: showRecord },
        { method: "GET", path: "/healthz", handle: showHealth },
      ],
      report,
    ),
    async publish(hold) {
      for (const digest of await shelf.digests()) await shelf.load(digest, hold);
      const record = await records(clock());
      published = record;
      return publishRecord(record.bytes, settings.regions);
    },
  };
}

function describeModel({ digest, state, memoryBytes, refusal }: ModelState) {
  return { digest, state, memoryBytes, code: refusal?.code ?? null, detail: refusal?.message ?? null };
}
