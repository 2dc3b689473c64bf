// One verdict everywhere: every signature of C2SP CCTV and of Wycheproof on workerd, Deno and Bun, against this runtime,
// whose verdicts test/protocol/ed25519.test.ts holds to the published ones.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { formatHex, utf8 } from "../../protocol/bytes.ts";
import { readPeer } from "./peer.ts";
import { judge, type SignatureCase } from "./verdicts.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "quorate-test-"));
after(() => rmSync(folder, { recursive: true }));

/** Every case of both collections; null, and the test is skipped, where they are absent. */
function readCases(context: TestContext): SignatureCase[] | null {
  const hostile = readPeer(context, "ed25519/cctv.json") as
    | { key: string; sig: string; msg: string }[]
    | null;
  const published = readPeer(context, "ed25519/wycheproof.json") as {
    numberOfTests: number;
    testGroups: { publicKey: { pk: string }; tests: { msg: string; sig: string }[] }[];
  } | null;
  if (hostile === null || published === null) return null;
  const ofWycheproof = published.testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ msg, sig }) => ({ key: publicKey.pk, signature: sig, message: msg })),
  );
  assert.equal(ofWycheproof.length, published.numberOfTests);
  return [
    ...hostile.map(({ key, sig, msg }) => ({ key, signature: sig, message: formatHex(utf8(msg)) })),
    ...ofWycheproof,
  ];
}

const RUNTIMES: Record<string, (file: string, cases: SignatureCase[]) => Promise<unknown>> = {
  deno: (file) => run("@deno/linux-x64-glibc/deno", ["run", "--allow-read", "--no-lock"], file),
  bun: (file) => run("@oven/bun-linux-x64/bin/bun", ["run"], file),
  workerd: (_, cases) => runInWorkerd(cases),
};

for (const [runtime, start] of Object.entries(RUNTIMES))
  test(`${runtime} gives the verdicts that Node gives, natively and by points`, async (context) => {
    const cases = readCases(context);
    if (cases === null) return;
    assert.ok(cases.length > 0);
    const file = join(folder, `${runtime}.json`);
    writeFileSync(file, JSON.stringify(cases));
    const expected = await judge(cases);
    for (const [chosen, points] of expected) assert.equal(chosen, points);
    assert.deepEqual(await start(file, cases), expected);
  });

async function run(binary: string, parameters: string[], file: string): Promise<unknown> {
  const command = join(ROOT, "node_modules", binary);
  const program = join(ROOT, "test/protocol/print-verdicts.ts");
  const { stdout } = await promisify(execFile)(command, [...parameters, program, file], { cwd: ROOT });
  return JSON.parse(stdout);
}

async function runInWorkerd(cases: SignatureCase[]): Promise<unknown> {
  const source = `
    import { judge } from "./test/protocol/verdicts.ts";
    export default {
      fetch: async (request) => Response.json(await judge(await request.json())),
    };`;
  const bundle = await build({
    stdin: { contents: source, resolveDir: ROOT },
    bundle: true,
    format: "esm",
    write: false,
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      modules: true,
      script: bundle.outputFiles[0]!.text,
      compatibilityDate: "2026-10-01",
      log: new Log(LogLevel.NONE),
    }),
  );
  try {
    const body = JSON.stringify(cases);
    return await (await miniflare.dispatchFetch("http://worker.example/", { method: "POST", body })).json();
  } finally {
    await miniflare.dispose();
  }
}
