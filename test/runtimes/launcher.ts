// Starting the program on one runtime, and taking what it computed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../cli/state.ts";
import type { Computations, Job } from "./job.ts";
import { serveJob } from "./job-server.ts";

/** Something that was started and computes by itself. */
export interface Started {
  /** Rejects if it ends, with what it said: whoever posts an outcome in time is not asked to end. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

export interface Launcher {
  readonly name: string;
  /** Many times slower than the machine. */
  readonly emulated: boolean;
  /** Null where it can be started, else what is missing and where to get it. */
  missing(): Promise<string | null>;
  /** Starts the program on the job that is served at `origin`. */
  start(origin: string): Promise<Started>;
}

/** Less than a test may take, so that nothing is left running by one that takes longer. */
const OUTCOME_DEADLINE_MS = 240_000;

/** What the runtime computed. Throws what it failed with. */
export async function compute(launcher: Launcher, job: Job): Promise<Computations> {
  const server = await serveJob(job);
  try {
    const started = await launcher.start(server.origin);
    try {
      const outcome = await Promise.race([server.outcome, started.ended, expire(launcher.name)]);
      if ("failure" in outcome) throw new Error(`${launcher.name}: ${outcome.failure}`);
      return outcome;
    } finally {
      await started.stop();
    }
  } finally {
    await server.close();
  }
}

function expire(name: string): Promise<never> {
  return new Promise((_, reject) => {
    const message = `${name} posted nothing within ${OUTCOME_DEADLINE_MS} ms`;
    setTimeout(() => reject(new Error(message)), OUTCOME_DEADLINE_MS).unref();
  });
}

/** A process with a home of its own, `$HOME` in the parameters, which is removed with it. */
export async function startProcess(command: string, parameters: readonly string[]): Promise<Started> {
  const home = await mkdtemp(join(tmpdir(), "quorate-runtime-"));
  const child = spawn(
    command,
    parameters.map((parameter) => parameter.replace("$HOME", home)),
    {
      cwd: PROJECT_ROOT,
      env: { PATH: process.env.PATH, HOME: home, DENO_NO_UPDATE_CHECK: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said += data;
  });
  const closed = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(String(error)));
    child.once("close", (code, signal) => resolve(`it ended with ${code ?? signal}`));
  });
  const ended = closed.then((reason) => Promise.reject(new Error(`${command}: ${reason}\n${said}`)));
  // Raced for as long as the outcome is awaited; an end after that is what stop() is for.
  ended.catch(() => {});
  return {
    ended,
    async stop() {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        await exited;
      }
      await rm(home, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
