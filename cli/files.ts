// Reads and writes what a command is given, with errors that name the file and never a half-written one.
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { CliError } from "./errors.ts";

/** Throws CliError file_unreadable. */
export async function readGivenFile(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) {
      throw new CliError("file_unreadable", `${path} has ${size} bytes, the limit is ${maxBytes}`);
    }
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError("file_unreadable", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** Whole or not at all: written beside its place, then moved there. */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const staging = `${path}.${process.pid}.partial`;
  try {
    const file = await open(staging, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(staging, path);
  } finally {
    await rm(staging, { force: true });
  }
}

/** For secrets: readable by the owner alone, and never over another file. Throws CliError file_exists. */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(text);
    await file.close();
  } catch (cause) {
    if ((cause as { code?: string }).code !== "EEXIST") throw cause;
    throw new CliError(
      "file_exists",
      `${path} exists already, and a lost key cannot be made again; choose another name`,
      {
        cause,
      },
    );
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as Error & { code?: string };
  return (
    { ENOENT: "no such file", EISDIR: "it is a folder", EACCES: "permission denied" }[code ?? ""] ?? message
  );
}
