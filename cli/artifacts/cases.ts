// Test cases on disk, as ONNX lays them out: a folder with model.onnx and, for each data set, test_data_set_N with
// input_0.pb, output_0.pb and so on.
import { readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type { ModelCase } from "../../models/check.ts";
import { tensorOf } from "../../models/constant.ts";
import { readCaseTensor } from "../../models/import/onnx-case.ts";
import type { Tensor } from "../../protocol/tensor.ts";
import { CliError } from "../errors.ts";
import { readGivenFile, unreadable, withFileName } from "../files.ts";

const MODEL = "model.onnx";
export const MAX_FILE_BYTES = 512 * 1024 * 1024;

export interface FoundCase {
  /** The folder, as seen from the one that was given. */
  readonly name: string;
  readonly folder: string;
}

/** All cases in a folder and below it, by name. Throws CliError file_unreadable. */
export async function findCases(root: string): Promise<FoundCase[]> {
  const found: FoundCase[] = [];
  const open = [root];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = await listFolder(folder);
    if (entries.some(({ name }) => name === MODEL))
      found.push({ name: relative(root, folder) || ".", folder });
    for (const entry of entries) if (entry.isDirectory()) open.push(join(folder, entry.name));
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The bytes of a case; files that its tensors refer to are read when they are asked for. */
export async function readCase({ folder }: FoundCase): Promise<ModelCase> {
  const model = await readGivenFile(join(folder, MODEL), MAX_FILE_BYTES);
  const sets = await listNumbered(folder, /^test_data_set_(\d+)$/);
  const dataSets = [];
  for (const set of sets) {
    const inputs = await readInputs(join(folder, set));
    const outputs = await readNumbered(join(folder, set), /^output_(\d+)\.pb$/);
    dataSets.push({ inputs, outputs });
  }
  return { model, dataSets, external: (location) => readBeside(folder, location) };
}

function readInputs(folder: string): Promise<Uint8Array[]> {
  return readNumbered(folder, /^input_(\d+)\.pb$/);
}

/** The inputs in a folder as tensors of a request. Throws CliError file_unreadable, CodedError naming the file. */
export async function readTensors(folder: string): Promise<Tensor[]> {
  const files = await readInputs(folder);
  if (files.length === 0)
    throw new CliError(
      "file_unreadable",
      `there is no input_0.pb in ${folder}; name a folder of inputs as ONNX lays them out`,
    );
  return Promise.all(
    files.map((bytes, index) => {
      const path = join(folder, `input_${index}.pb`);
      return withFileName(path, () => tensorOf(readCaseTensor(bytes, path)));
    }),
  );
}

/** A file beside a model; undefined where there is none. Throws CliError file_unreadable. */
export function readBeside(folder: string, location: string): Uint8Array | undefined {
  const path = join(folder, location);
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) return undefined;
    if (size <= MAX_FILE_BYTES) return readFileSync(path);
    throw new CliError("file_unreadable", `${path} has ${size} bytes, the limit is ${MAX_FILE_BYTES}`);
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw unreadable(path, cause);
  }
}

async function readNumbered(folder: string, pattern: RegExp): Promise<Uint8Array[]> {
  const files = await listNumbered(folder, pattern);
  return Promise.all(files.map((file) => readGivenFile(join(folder, file), MAX_FILE_BYTES)));
}

/** The entries of a folder that a pattern fits, by the number in their names. */
async function listNumbered(folder: string, pattern: RegExp): Promise<string[]> {
  const numbered = (await listFolder(folder)).flatMap(({ name }) => {
    const [, number] = pattern.exec(name) ?? [];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  return numbered.sort((a, b) => a.number - b.number).map(({ name }) => name);
}

async function listFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}
