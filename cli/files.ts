// Reads and writes what a command is given, with errors that name the file and never a half-written one.
import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { CodedError } from "../protocol/errors.ts";
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
    throw unreadable(path, cause);
  }
}

/**
 * Whatever is wrong with a file's content is said with its name, and behind that what `meaning` makes of it. Throws
 * CodedError with the code of what `read` threw; a CliError names its file already.
 */
export async function withFileName<T>(
  path: string,
  read: () => T | Promise<T>,
  meaning: (error: CodedError) => string = () => "",
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CodedError) || error instanceof CliError) throw error;
    throw new CodedError(error.code, `${path}: ${meaning(error)}${error.message}`, { cause: error });
  }
}

/** The text of a file, or null where there is none. */
export async function readTextIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Whole or not at all: written beside its place, then moved there. Throws CliError file_unwritable. */
export function writeWholeFile(path: string, content: Uint8Array | string): Promise<void> {
  return replaceFile(path, content, 0o666);
}

/** writeWholeFile for what shows a question, as opened evidence does: only the owner may read it. */
export function writePrivateFile(path: string, content: Uint8Array): Promise<void> {
  return replaceFile(path, content, 0o600);
}

async function replaceFile(path: string, content: Uint8Array | string, mode: number): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await withDraft(path, content, mode, (draft) => rename(draft, path));
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * For what only the owner may read: whole or not at all, and never over another file. False where there is one.
 * Folders that are made for it are the owner's alone too. Throws CliError file_unwritable.
 */
export async function createPrivateFile(path: string, text: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await withDraft(path, text, 0o600, (draft) => linkNew(draft, path));
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** createPrivateFile for secrets. Throws CliError file_exists, file_unwritable. */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  if (await createPrivateFile(path, text)) return;
  throw new CliError(
    "file_exists",
    `${path} exists already, and a lost key cannot be made again; choose another name`,
  );
}

/** A crash in here leaves the draft and nothing under the final name. */
async function withDraft<T>(
  path: string,
  content: Uint8Array | string,
  mode: number,
  place: (draft: string) => Promise<T>,
): Promise<T> {
  const draft = `${path}.${randomUUID()}.partial`;
  try {
    const file = await open(draft, "wx", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    return await place(draft);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Unlike a move, a link fails where there is a file already: of two that try, one succeeds. */
async function linkNew(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** An error of the system while a file or a folder was read, in words. */
export function unreadable(path: string, cause: unknown): CliError {
  return new CliError("file_unreadable", `cannot read ${path}: ${reasonOf(cause)}; check the path`, {
    cause,
  });
}

function unwritable(path: string, cause: unknown): CliError {
  const message = `cannot write ${path}: ${reasonOf(cause)}; choose another place`;
  return new CliError("file_unwritable", message, { cause });
}

function codeOf(error: unknown): string | undefined {
  return (error as { readonly code?: string }).code;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "it is a folder",
  ENOTDIR: "it, or a part of its path, is a file",
  EEXIST: "a part of its path is a file",
  EACCES: "permission denied",
  EROFS: "nothing can be written there",
  ENOSPC: "the disk is full",
};

function reasonOf(cause: unknown): string {
  const { code, message } = cause as Error & { code?: string };
  return REASONS[code ?? ""] ?? message;
}
