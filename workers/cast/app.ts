// The honest app with a vice: what a quorum must withstand, in a form that can be run and watched.

import { publicKey } from "../../protocol/ed25519.ts";
import { COSE_SIGN1_CONTENT_TYPE, INFER_PATH, RECORD_PATH } from "../../protocol/http.ts";
import { checkEndpoint } from "../../protocol/names.ts";
import { createInferenceApp, type InferenceApp, type InferenceOptions } from "../inference/app.ts";
import { publishRecord } from "../inference/publish.ts";
import { parseSettings } from "../inference/settings.ts";
import {
  collude,
  createCopy,
  createReplay,
  double,
  equivocate,
  type Inference,
  idle,
  lie,
  nameAnotherEngine,
  nameAnotherModel,
  shade,
  signWithOldKey,
} from "./answers.ts";
import { createDrip, createFlood } from "./bodies.ts";
import { replaceKey } from "./small-order.ts";

/** Longer than any deadline, short enough that a forgotten process ends its timers. */
const SILENCE_MS = 600_000;

type Part = (options: InferenceOptions) => Promise<InferenceApp>;

/** Each vice, played. The command line describes them; a test holds the two lists together. */
const PARTS = {
  lying: answering(() => lie),
  subtle: answering(() => shade),
  colluding: answering(() => collude),
  twin: answering(() => double),
  lazy: answering(() => idle),
  copying: answering(({ variables, fetch }) => createCopy(parseSource(variables.COPY_FROM), fetch)),
  equivocating: answering(() => equivocate),
  replaying: answering(() => createReplay()),
  "stale-key": answering(() => signWithOldKey),
  "wrong-engine": answering(() => nameAnotherEngine),
  "wrong-model": answering(() => nameAnotherModel),
  "small-order": showHostileKey,
  flooding: sending(createFlood),
  hanging: sending(createDrip),
  silent: waiting(() => SILENCE_MS),
  slow: waiting(({ variables }) => parseDelay(variables.DELAY_MS)),
} as const satisfies Readonly<Record<string, Part>>;

export type Vice = keyof typeof PARTS;
export const VICES = Object.keys(PARTS) as readonly Vice[];

/**
 * Variables VICE, for `slow` DELAY_MS, for `copying` COPY_FROM, the origin of another worker. Throws TypeError for an
 * unknown vice, or without what it needs.
 */
export async function createCastApp(options: InferenceOptions): Promise<InferenceApp> {
  const vice = VICES.find((known) => known === options.variables.VICE);
  if (vice === undefined) throw new TypeError(`VICE is not ${VICES.join(", ")}; see docs/operating.md`);
  return PARTS[vice](options);
}

/** Something else in place of infer(). */
function answering(create: (options: InferenceOptions) => Inference): Part {
  return async (options) => createInferenceApp({ ...options, infer: create(options) });
}

/** Something else in place of an answer. Record and health stay prompt, or nobody would ask. */
function instead(app: InferenceApp, act: (request: Request) => Promise<Response | null>): InferenceApp {
  return {
    ...app,
    async fetch(request, hold) {
      const acted = new URL(request.url).pathname === INFER_PATH ? await act(request) : null;
      return acted ?? app.fetch(request, hold);
    },
  };
}

function waiting(readDelay: (options: InferenceOptions) => number): Part {
  return async (options) => {
    const delay = readDelay(options);
    return instead(await createInferenceApp(options), async () => {
      await new Promise((resolve) => setTimeout(resolve, delay));
      return null;
    });
  };
}

/** A body under the type that was asked for, so that nothing but the body is wrong. */
function sending(createBody: () => ReadableStream<Uint8Array>): Part {
  return async (options) =>
    instead(await createInferenceApp(options), async (request) => {
      await request.arrayBuffer();
      const type = request.headers.get("accept") ?? "application/octet-stream";
      return new Response(createBody(), { headers: { "content-type": type } });
    });
}

/** The record that it shows and publishes has another key, of small order. */
async function showHostileKey(options: InferenceOptions): Promise<InferenceApp> {
  const settings = parseSettings(options.variables);
  const workerKey = await publicKey(settings.workerKey);
  const app = await createInferenceApp(options);
  const readRecord = async (): Promise<Uint8Array<ArrayBuffer> | null> => {
    const shown = await app.fetch(new Request(`${settings.endpoint}${RECORD_PATH}`), () => {});
    return shown.ok ? replaceKey(new Uint8Array(await shown.arrayBuffer()), workerKey) : null;
  };
  return {
    async fetch(request, hold) {
      const record = new URL(request.url).pathname === RECORD_PATH ? await readRecord() : null;
      if (record === null) return app.fetch(request, hold);
      return new Response(record, { headers: { "content-type": COSE_SIGN1_CONTENT_TYPE } });
    },
    async publish() {
      const record = await readRecord();
      return record === null ? [] : publishRecord(record, settings.regions, options);
    },
  };
}

/** Milliseconds, a whole number below 1,000,000. */
function parseDelay(text: unknown): number {
  if (typeof text === "string" && /^\d{1,6}$/.test(text)) return Number(text);
  throw new TypeError("DELAY_MS is not a number of milliseconds; see docs/operating.md");
}

function parseSource(text: unknown): string {
  if (typeof text === "string" && text !== "") return checkEndpoint(text, "COPY_FROM");
  throw new TypeError("COPY_FROM is not the origin of another worker; see docs/operating.md");
}
