// Runs the program as a person does, in a state folder of the test's own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  readonly state: string;
  run(...args: string[]): Promise<Finished>;
  /** Starts without waiting; the caller ends it. */
  start(...args: string[]): Running;
  remove(): Promise<void>;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once the output (either stream) holds `text`; rejects if the program ends before. */
  prints(text: string): Promise<void>;
}

export async function createProgram(): Promise<Program> {
  const state = await mkdtemp(join(tmpdir(), "quorate-"));
  const start = (...args: string[]): Running => {
    const child = spawn(process.execPath, ["cli/main.ts", ...args], {
      cwd: ROOT,
      env: { ...process.env, QUORATE_STATE: state },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => {
      stdout += data;
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    const finished = new Promise<Finished>((resolve) => {
      child.on("close", (status) => resolve({ status, stdout, stderr }));
    });
    const prints = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (stdout.includes(text) || stderr.includes(text)) resolve();
        };
        child.stdout.on("data", look);
        child.stderr.on("data", look);
        look();
        finished.then(() =>
          reject(new Error(`ended without printing ${JSON.stringify(text)}:\n${stdout}${stderr}`)),
        );
      });
    return { child, finished, prints };
  };
  return {
    state,
    start,
    run: (...args) => start(...args).finished,
    remove: () => rm(state, { recursive: true, force: true }),
  };
}

/** The JSON object that is the last line of the output. */
export function lastLine({ stdout }: Finished): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}
