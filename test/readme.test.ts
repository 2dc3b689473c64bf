// Every command in a fenced `sh` block of README, CONTRIBUTING and docs/ is executed here, in order, as it stands.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readEngineDigest } from "../cli/artifacts/artifacts.ts";
import { formatHex } from "../protocol/bytes.ts";
import { GOLDENS } from "./support/golden.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const state = await mkdtemp(join(tmpdir(), "quorate-readme-"));
/** What README's commands write beside themselves; a file of that name that was there is put back. */
const WRITTEN = join(root, "boats.qc");
const kept = await readFile(WRITTEN).catch(() => null);
after(async () => {
  await rm(state, { recursive: true, force: true });
  if (kept === null) await rm(WRITTEN, { force: true });
  else await writeFile(WRITTEN, kept);
});

/** These install the project or run this very file, so they run before it: .ci/run has each as a line of its own. */
const RUN_BY_CI = ["npm ci", "npm test", "npm run check"];
const STAYS_UP = "npm start";
const IS_UP = "Ctrl-C stops everything";

function readCommands(file: string): string[] {
  const blocks = readFileSync(join(root, file), "utf8").matchAll(/```sh\n([^`]*)```/g);
  return [...blocks].flatMap(([, block]) =>
    block!.split("\n").filter((line) => line !== "" && !line.startsWith("#")),
  );
}

function start(command: string) {
  // A group of its own, so that whatever a failing test leaves can be ended as a whole.
  const [program, ...args] = command.split(" ");
  const child = spawn(program!, args, {
    cwd: root,
    detached: true,
    env: { ...process.env, QUORATE_STATE: state },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const finished = new Promise<{ status: number | null; output: string }>((resolve) => {
    child.on("close", (status) => resolve({ status, output }));
  });
  const isUp = new Promise<void>((resolve, reject) => {
    const read = (data: Buffer) => {
      output += data;
      if (output.includes(IS_UP)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    finished.then(() => reject(new Error(output)));
  });
  isUp.catch(() => undefined); // only the command that stays up is waited for
  return { finished, isUp, interrupt: () => child.kill("SIGTERM") };
}

test("README shows its commands in the order: install, start, ask, verify, watch a liar, judge", () => {
  const commands = readCommands("README.md");
  const order = ["npm ci", "npm start", "infer", "verify", "--cast lying", "judge"];
  const places = order.map((part) => commands.findIndex((command) => command.includes(part)));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  assert.ok(!places.includes(-1), `${places}`);
});

test("README shows the digests of today's model and engine", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  assert.match(readme, new RegExp(`^model +${GOLDENS["moderate-mobilenet-v2"].model}$`, "m"));
  assert.match(readme, new RegExp(`^engine +${formatHex(await readEngineDigest())}$`, "m"));
});

const files = ["README.md", "CONTRIBUTING.md", ...globSync("docs/*.md", { cwd: root }).sort()];
for (const file of files) {
  const commands = readCommands(file);
  if (commands.length === 0) continue;
  test(`every command in ${file} works`, async (t) => {
    const ci = readFileSync(join(root, ".ci/run"), "utf8").split("\n");
    let network: ReturnType<typeof start> | null = null;
    const stop = async () => {
      network?.interrupt();
      const finished = await network?.finished;
      network = null;
      if (finished === undefined) return;
      // npm ends by the signal that it was sent, whatever its script returns; close came when all of them had ended.
      assert.match(finished.output, /\nstopping\n/);
      assert.ok(!existsSync(join(state, "network", "network.json")), finished.output);
    };
    try {
      for (const command of commands) {
        t.diagnostic(command);
        if (RUN_BY_CI.includes(command)) {
          assert.ok(ci.includes(command), `.ci/run does not run ${command}`);
        } else if (command === STAYS_UP) {
          network = start(command);
          await network.isUp;
        } else {
          if (command.startsWith(STAYS_UP)) await stop();
          const { status, output } = await start(command).finished;
          assert.equal(status, 0, `${command}\n${output}`);
        }
      }
      await stop();
    } finally {
      network?.interrupt();
    }
  });
}
