// The way from a model file to an artifact: read, simplify, calibrate, quantize, write. Deterministic: the same source
// and the same calibration inputs give the same model digest on every runtime.
import { elementCount } from "../engine/index.ts";
import { type Bytes, concatBytes } from "../protocol/bytes.ts";
import { digestRaw } from "../protocol/digest.ts";
import { type Artifact, writeArtifact } from "./artifact.ts";
import type { CatalogueEntry } from "./catalogue.ts";
import { ModelError } from "./errors.ts";
import { emitFloat } from "./float.ts";
import { readTfjsGraph, type TfjsSource } from "./import/tfjs.ts";
import type { Graph } from "./legacy-graph.ts";
import { simplifyGraph } from "./passes/simplify.ts";
import { emitQuantized } from "./quantize/emit.ts";
import { measureLayers } from "./quantize/report.ts";
import { collectStatistics, createRunner } from "./quantize/statistics.ts";

/** Changes with anything that changes the bytes of an artifact. */
const COMPILER = "quorate-compiler/1";

export interface CompileOptions {
  readonly entry: CatalogueEntry;
  readonly source: TfjsSource;
  /** SHA-256 of the source's files, end to end. */
  readonly sourceDigest: Bytes;
  readonly kernels: WebAssembly.Module;
  /** Tensors of the model's input, as a request would carry them. */
  readonly calibration: readonly Bytes[];
  progress(step: string, done: number, of: number): void;
}

/** Throws ModelError: model_malformed, model_too_large, weights_invalid, op_unsupported, calibration_invalid. */
export async function compileModel(options: CompileOptions): Promise<Artifact> {
  const { entry, kernels, calibration } = options;
  const graph = simplifyGraph(readTfjsGraph(options.source), entry.inputScale);
  checkCalibration(graph, calibration);
  const reference = createRunner(kernels, emitFloat(graph));
  const statistics = collectStatistics(reference, calibration, (done, of) =>
    options.progress("calibrating", done, of),
  );
  const quantized = emitQuantized(graph, statistics, {
    name: entry.name,
    task: entry.task,
    licence: entry.licence,
    source: { package: entry.package, version: entry.version, digest: options.sourceDigest },
    compiler: COMPILER,
    calibration: await digestRaw(concatBytes(...calibration)),
  });
  const report = measureLayers(createRunner(kernels, quantized), reference, calibration, (done, of) =>
    options.progress("measuring", done, of),
  );
  return writeArtifact({ ...quantized.manifest, report }, quantized.weights);
}

function checkCalibration(graph: Graph, calibration: readonly Bytes[]): void {
  const [input, ...others] = graph.inputs;
  if (input === undefined || others.length > 0) {
    throw new ModelError(
      "op_unsupported",
      `the model has ${graph.inputs.length} inputs, the compiler calibrates models of one`,
    );
  }
  const bytes = elementCount(input);
  if (calibration.length === 0 || calibration.some((tensor) => tensor.length !== bytes)) {
    throw new ModelError(
      "calibration_invalid",
      `want one or more calibration tensors of ${bytes} bytes each`,
    );
  }
}
