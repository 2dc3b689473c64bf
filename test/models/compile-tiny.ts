// Compiles the tiny model; run as a program with --print it prints the digest, on whatever runtime runs it.
import { readFile } from "node:fs/promises";
import process from "node:process";
import type { Artifact } from "../../models/artifact.ts";
import { compileModel } from "../../models/compile.ts";
import { readTfjsGraphModel } from "../../models/import/tfjs/graph-model.ts";
import { type Bytes, formatHex } from "../../protocol/bytes.ts";
import { createTinySource, randomInput, TINY_RECIPE, tinyRequest } from "./tiny-model.ts";

const CALIBRATION = [randomInput(1), randomInput(2), randomInput(3)];

export async function compileTiny({
  calibration = CALIBRATION,
}: {
  calibration?: readonly Bytes[];
} = {}): Promise<Artifact> {
  const kernels = await WebAssembly.compile(
    await readFile(new URL("../../wasm/kernels.wasm", import.meta.url)),
  );
  return compileModel({
    recipe: TINY_RECIPE,
    graph: readTfjsGraphModel(createTinySource()),
    sourceDigest: new Uint8Array(32).fill(1),
    kernels,
    calibration: calibration.map(tinyRequest),
    files: new Map(),
    progress: () => {},
  });
}

if (process.argv.includes("--print")) console.log(formatHex((await compileTiny()).digest));
