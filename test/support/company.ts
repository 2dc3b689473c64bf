// Workers, honest ones and the cast, with a small model: all in one workerd process, each with its own keys, operator
// and port. No region: their records are read from them.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import * as wrangler from "wrangler";
import { readEngineDigest, readKernels } from "../../cli/artifacts/artifacts.ts";
import { describeWorker, type MemberPlan, memberUrl } from "../../cli/network/member.ts";
import type { Vice } from "../../cli/network/members.ts";
import { choosePorts, LOOPBACK } from "../../cli/network/ports.ts";
import { buildPrograms } from "../../cli/network/program.ts";
import { PROJECT_ROOT } from "../../cli/state.ts";
import { loadModel, type Model } from "../../engine/index.ts";
import { type Bytes, formatBase64Url, formatHex } from "../../protocol/bytes.ts";
import { signDelegation } from "../../protocol/delegation.ts";
import { publicKey } from "../../protocol/ed25519.ts";
import { RECORD_PATH } from "../../protocol/http.ts";
import { compileTiny } from "../models/compile-tiny.ts";
import { testKey } from "./records.ts";

export interface Role {
  readonly name: string;
  /** A domain, and the name of the operator's key: twins share one or the other. */
  readonly operator: string;
  readonly operatorKey: string;
  readonly provider: string;
  readonly vice: Vice | null;
}

export interface Company {
  /** The tiny one, which all of them serve, in this process. */
  readonly model: Model;
  readonly engine: Bytes;
  /** As the worker shows it. */
  readRecord(name: string): Promise<Bytes>;
  stop(): Promise<void>;
}

/** Longer than any test waits. */
const SLOW_MS = "600000";

export async function startCompany(roles: readonly Role[]): Promise<Company> {
  const folder = await mkdtemp(join(tmpdir(), "quorate-company-"));
  const model = await writeTiny(folder);
  const ports = await choosePorts(
    roles.map(({ name }) => name),
    {},
  );
  const url = (name: string) => memberUrl(ports[name]!);
  const source = roles.find(({ vice }) => vice === null)!;
  const programs = await buildPrograms({ root: PROJECT_ROOT, names: ["worker", "cast"], log: () => {} });
  const workers = roles.map(async (role) => {
    const plan = await planRole(role, url(role.name), url(source.name));
    const surroundings = { root: PROJECT_ROOT, artifacts: folder };
    const described = describeWorker(
      wrangler,
      plan,
      programs.get(role.vice === null ? "worker" : "cast")!,
      surroundings,
    );
    return {
      ...described,
      name: role.name,
      unsafeDirectSockets: [{ host: LOOPBACK, port: ports[role.name]! }],
    };
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...{ host: LOOPBACK, port: 0, cf: false, log: new Log(LogLevel.NONE), logRequests: false },
      handleStructuredLogs: () => {},
      workers: await Promise.all(workers),
    }),
  );
  await miniflare.ready;
  return {
    model,
    engine: await readEngineDigest(),
    readRecord: async (name) =>
      new Uint8Array(await (await fetch(`${url(name)}${RECORD_PATH}`)).arrayBuffer()),
    async stop() {
      await miniflare.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeTiny(folder: string): Promise<Model> {
  const { digest, manifest, chunks } = await compileTiny();
  const home = join(folder, formatHex(digest));
  await mkdir(home);
  await writeFile(join(home, "manifest.cbor"), manifest);
  for (const [index, chunk] of chunks.entries()) await writeFile(join(home, `${index}.bin`), chunk);
  await writeFile(join(folder, "models.json"), JSON.stringify({ tiny: { digest: formatHex(digest) } }));
  const kernels = await readKernels();
  const openChunk = async (index: number) => new Blob([chunks[index]!]).stream();
  return loadModel({ kernels, isa: "simd128", manifest, model: digest, openChunk });
}

async function planRole(role: Role, url: string, source: string): Promise<MemberPlan> {
  const { name, operator, provider, vice } = role;
  const workerKey = await testKey(`worker ${name}`);
  const expiresAt = Math.floor(Date.now() / 1000) + 86_400;
  const delegation = await signDelegation(
    { operator, workerKey: await publicKey(workerKey), expiresAt },
    await testKey(`operator ${role.operatorKey}`),
  );
  return {
    ...{ name, url, program: vice === null ? "worker" : "cast" },
    variables: {
      WORKER_KEY: formatBase64Url(workerKey),
      DELEGATION: formatBase64Url(delegation),
      ENDPOINT: url,
      PROVIDER: provider,
      REGION: "test",
      MODELS: "tiny",
      ...(vice === null ? {} : { VICE: vice, DELAY_MS: SLOW_MS, COPY_FROM: source }),
    },
  };
}
