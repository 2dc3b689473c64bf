// The characters that the recogniser can name, in the order of its classes.
import type { Bytes } from "../../protocol/bytes.ts";
import { TaskError } from "../errors.ts";

/** The file that exists has 26 KB. */
const MAX_FILE_BYTES = 1024 * 1024;

/** UTF-8, one character a line. Throws TaskError vocabulary_invalid. */
export function parseCharacters(bytes: Bytes): string[] {
  if (bytes.length > MAX_FILE_BYTES)
    throw invalid(`their file has ${bytes.length} bytes, the limit is ${MAX_FILE_BYTES}`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid("their file is not UTF-8");
  }
  const lines = text.replace(/\n$/, "").split("\n");
  const wrong = lines.findIndex((line) => [...line].length !== 1);
  if (wrong >= 0) throw invalid(`line ${wrong + 1} is not one character`);
  return lines;
}

function invalid(what: string): TaskError {
  return new TaskError("vocabulary_invalid", `the characters cannot be used: ${what}; build the model again`);
}
