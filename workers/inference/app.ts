// An inference worker: answers POST /v1/infer, shows its record and its health, publishes the record. Knows no
// platform: clock, randomness, artifacts and the compiled kernels come from an adapter.

import { engineDigest, type loadModel, type Model } from "../../engine/index.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { DecodeError, InferenceError } from "../../protocol/errors.ts";
import { openEvidence } from "../../protocol/evidence.ts";
import {
  CBOR_MEDIA_TYPE,
  COSE_SIGN1_CONTENT_TYPE,
  HEALTH_PATH,
  INFER_PATH,
  JUDGE_PATH,
  RECORD_PATH,
} from "../../protocol/http.ts";
import { requireOpening } from "../../protocol/judge.ts";
import { decodeRequest, type InferRequest } from "../../protocol/request.ts";
import { bytesReply, createHandler, declaredBytes, type Hold, jsonReply, type Reply } from "../http.ts";
import { createAdmission } from "./admission.ts";
import { claimMessage } from "./claim.ts";
import { type Incoming, open } from "./incoming.ts";
import { checkRequest, type infer, refuseRequest } from "./infer.ts";
import { checkCase, countOperations, judgeCase } from "./judge.ts";
import { createKeyring } from "./keyring.ts";
import {
  MAX_EVIDENCE_BODY_BYTES,
  MAX_REQUEST_BODY_BYTES,
  MIN_HELD_BODY_BYTES,
  PUBLISH_INTERVAL_MS,
  PUBLISH_RETRY_MS,
} from "./limits.ts";
import { type Outgoing, type Publication, publishRecord } from "./publish.ts";
import { createRecordSource, type SignedRecord } from "./record.ts";
import { requiredMemory } from "./required-memory.ts";
import type { SealingStore } from "./sealing-store.ts";
import { parseSettings, type Variables } from "./settings.ts";
import { type Artifacts, createShelf, type ModelState } from "./shelf.ts";

export interface InferenceOptions extends Outgoing {
  readonly variables: Variables;
  readonly artifacts: Artifacts;
  /** wasm/kernels.wasm. On workerd an imported module: nothing can be compiled there. */
  readonly kernels: WebAssembly.Module;
  /** Text of wasm/digests.json. */
  readonly digestsJson: string;
  readonly loadModel: typeof loadModel;
  /** What answers a request that may be answered: an encoded InferReply. */
  readonly infer: typeof infer;
  /** Shared by all isolates of the worker. */
  readonly sealingStore: SealingStore;
  /** Unix ms of the deployment, or of the start of a single process: it numbers the records. */
  readonly startedAt: number;
  /** Unix ms. */
  clock(): number;
  randomBytes(length: number): Bytes;
  /** Resolves after what has arrived meanwhile was seen: where nothing else makes a run wait, nobody would be counted. */
  yieldThread(): Promise<void>;
  /** Told of errors that no code explains, and of each region that did not keep the record. */
  report(error: unknown): void;
}

export interface InferenceApp {
  fetch(request: Request, hold: Hold): Promise<Response>;
  /**
   * Loads and checks every model that was not loaded yet, then tells all regions of this worker. Throws InferenceError
   * if a model is not fit to be served: such a worker must not be found.
   */
  publish(hold: Hold): Promise<Publication[]>;
}

/** Throws TypeError for settings that cannot work. */
export async function createInferenceApp(options: InferenceOptions): Promise<InferenceApp> {
  const { artifacts, kernels, startedAt, sealingStore, clock, randomBytes, yieldThread, timeout, report } =
    options;
  const settings = parseSettings(options.variables);
  const engine = await engineDigest(options.digestsJson);
  const workerKey = await publicKey(settings.workerKey);
  const shelf = createShelf({
    names: settings.models,
    artifacts,
    kernels,
    budgetBytes: settings.memoryBudgetBytes,
    requiredMemory,
    loadModel: options.loadModel,
  });
  const keyring = createKeyring(sealingStore);
  const records = createRecordSource({ settings, engine, startedAt, keyring, models: shelf.digests });
  const admission = createAdmission(clock);

  /** The last record that at least one region kept. */
  let published: SignedRecord | null = null;
  /** The last record that was offered to regions, and when (unix ms). */
  let offered: { readonly record: SignedRecord; readonly at: number } | null = null;
  const offer = async (record: SignedRecord): Promise<Publication[]> => {
    offered = { record, at: clock() };
    const publications = await publishRecord(record.bytes, settings.regions, options);
    if (publications.some(({ failure }) => failure === null)) published = record;
    for (const { region, failure } of publications) if (failure !== null) report(`${region}: ${failure}`);
    return publications;
  };
  // The first to sign under a new record may be ahead of the hourly publication, and then tells the regions itself:
  // a receipt is refused if it names a record that the asker cannot find.
  const isDue = (record: SignedRecord): boolean => {
    if (record === published || clock() - record.issuedAt >= PUBLISH_INTERVAL_MS) return false;
    return record !== offered?.record || clock() - offered.at >= PUBLISH_RETRY_MS;
  };

  /** Runs begun so far. */
  let runs = 0;
  /** Calls `compute` once those who came during the last run were seen, and refused where they are too many. */
  const takeTurn = <T>(operations: number, compute: () => Promise<T>): Promise<T> =>
    admission.operations.share(operations, async () => {
      // No promise that another request would have to keep: on workerd it may end before it does.
      for (let seen = -1; seen !== runs; ) {
        seen = runs;
        await yieldThread();
      }
      runs++;
      return compute();
    });

  /**
   * Calls `use` with what came in a request. Its body is read as far as there is room for what has come: a sender that
   * declares much and sends little keeps little from others, and not for long.
   */
  const receive = (
    request: Request,
    maxBytes: number,
    hold: Hold,
    use: (incoming: Incoming) => Promise<Reply>,
  ): Promise<Reply> => {
    const bytes = declaredBytes(request, maxBytes);
    const { acceptsPlain } = settings;
    const received = admission.bodies.share(MIN_HELD_BODY_BYTES, async (grow) => {
      const bounds = { timeout, grow };
      const options = { maxBytes: bytes, bounds, acceptsPlain, keyring, workerKey, clock, randomBytes };
      return use(await open(request, options));
    });
    // What an asker that hangs up has taken is given back all the same.
    hold(received.catch(() => {}));
    return received;
  };

  const answer = (request: Request, hold: Hold): Promise<Reply> =>
    receive(request, MAX_REQUEST_BODY_BYTES, hold, async ({ content, seal, answer }) => {
      const asked = decodeRequest(content);
      if (seal !== null && seal.bucket !== asked.sizeBucket)
        throw new DecodeError(
          "out_of_range",
          `sizeBucket is ${asked.sizeBucket}; the request was padded to ${seal.bucket}`,
        );
      return answer(CBOR_MEDIA_TYPE, await run(asked, seal?.name ?? null, hold));
    });

  /** An encoded InferAnswer: what the model gave, or why it was not run, signed either way. `name` is the message's. */
  const run = async (asked: InferRequest, name: Bytes | null, hold: Hold): Promise<Bytes> => {
    try {
      checkRequest(asked, engine, clock());
      return await admission.requests.share(1, () =>
        shelf.use(asked.model, hold, (model) => {
          // All that the asker can have got wrong, before anything is remembered of it: what is remembered costs a run.
          model.checkInputs(asked.inputs);
          const operations = model.countOperations(asked.inputs.map(({ shape }) => shape));
          return takeTurn(operations, () => sign(model, asked, name, hold));
        }),
      );
    } catch (error) {
      if (!(error instanceof InferenceError)) throw error;
      return refuseRequest(asked, error, { secretKey: settings.workerKey, now: clock() });
    }
  };

  const sign = async (model: Model, asked: InferRequest, name: Bytes | null, hold: Hold): Promise<Bytes> => {
    // The deadline may have passed while the model was loaded.
    checkRequest(asked, engine, clock());
    // Not before there is room for it: who was refused as overloaded may ask again.
    if (name !== null) await claimMessage(name, asked.deadline, sealingStore);
    const record = await records(clock());
    if (isDue(record)) hold(offer(record));
    const { workerKey: secretKey } = settings;
    return options.infer(model, asked, { secretKey, workerKey, record: record.digest, clock, randomBytes });
  };

  /** A referee answers with a judgement, or with the problem that keeps it from judging. */
  const judge = (request: Request, hold: Hold): Promise<Reply> =>
    receive(request, MAX_EVIDENCE_BODY_BYTES, hold, ({ content, seal, answer }) =>
      // Before anything of it is verified, which takes signatures.
      admission.requests.share(1, async () => {
        const evidence = requireOpening(await openEvidence(content));
        const record = await records(clock());
        await checkCase(evidence, { engine, settings, now: clock() });
        const signing = { secretKey: settings.workerKey, record: record.digest, clock };
        const judgement = await shelf.use(evidence.sides[0].receipt.statement.model, hold, (model) =>
          takeTurn(countOperations(model, evidence), async () => {
            // Evidence has no deadline but its key's.
            if (seal !== null) await claimMessage(seal.name, seal.opensUntil, sealingStore);
            return judgeCase(model, evidence, signing);
          }),
        );
        if (isDue(record)) hold(offer(record));
        return answer(COSE_SIGN1_CONTENT_TYPE, judgement);
      }),
    );

  const showRecord = async (): Promise<Reply> => {
    // A worker that refuses to serve must not be found, here as little as in a region.
    for (const { refusal } of shelf.states()) if (refusal !== null) throw refusal;
    return bytesReply(COSE_SIGN1_CONTENT_TYPE, (await records(clock())).bytes);
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
        { method: "POST", path: INFER_PATH, handle: answer },
        ...(settings.isReferee ? [{ method: "POST", path: JUDGE_PATH, handle: judge } as const] : []),
        { method: "GET", path: RECORD_PATH, handle: showRecord },
        { method: "GET", path: HEALTH_PATH, handle: showHealth },
      ],
      report,
    ),
    async publish(hold) {
      for (const digest of await shelf.digests()) await shelf.check(digest, hold);
      return offer(await records(clock()));
    },
  };
}

function describeModel({ digest, state, memoryBytes, refusal }: ModelState) {
  return { digest, state, memoryBytes, code: refusal?.code ?? null, detail: refusal?.message ?? null };
}
