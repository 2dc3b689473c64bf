// Reads a TensorFlow.js layers model (a Keras model, Sequential or Functional) into the graph.
// attacker-controlled: a model file comes from a stranger; sizes are checked before anything is allocated.
import { entryOf } from "../../entry.ts";
import type { DataType, Graph, NamedDimension } from "../../graph.ts";
import { GraphBuilder } from "./builder.ts";
import { BASIC_LAYERS } from "./layers/basic.ts";
import { readCalls } from "./layers/calls.ts";
import { CONVOLUTION_LAYERS } from "./layers/convolution.ts";
import { Layer, type LayerEntry, type LayerTable } from "./layers/layer.ts";
import { malformed, readManifest, type TfjsSource, unsupported, type WeightEntry } from "./source.ts";
import { sinkTranspositions } from "./transpositions.ts";
import { readWeights } from "./weights.ts";

const LAYERS: LayerTable = { ...BASIC_LAYERS, ...CONVOLUTION_LAYERS };

/**
 * The graph of a TF.js layers model. A dimension that is null is named after its input and axis, the batch of an image
 * "batch". Throws ModelError: model_malformed, model_too_large, weights_invalid, op_unsupported (naming class and layer).
 */
export function readTfjsLayersModel(source: TfjsSource): Graph {
  const { calls, outputs } = readCalls(source.model);
  const entries = readManifest(source.model);
  const constants = readWeights(entries, source.weights);
  const builder = new GraphBuilder(
    constants,
    calls.map(({ name }) => name),
  );
  const weights = indexWeights(entries);
  for (const { name, layer, inputs } of calls) {
    if (constants.has(name)) throw malformed(`${name} is a layer and a weight`);
    if (layer.kind === "InputLayer") {
      builder.addInput(name, readType(layer), readShape(layer));
      continue;
    }
    const translate = entryOf(LAYERS, layer.kind);
    if (translate === undefined) throw unsupported(layer.kind, layer.name, "no importer for this layer");
    const values = inputs.map((input) => builder.resolve(input));
    builder.nameLast(name, translate(new Layer(layer, values, builder, weights)));
  }
  return sinkTranspositions(builder.finish(outputs));
}

/** `layer/parameter`, with whatever Keras puts between or in front. */
function indexWeights(entries: readonly WeightEntry[]): Map<string, string | null> {
  const weights = new Map<string, string | null>();
  for (const { name } of entries) {
    const path = name.replace(/:0$/, "").split("/");
    const parameter = path.pop();
    for (const layer of new Set(path)) {
      const key = `${layer}|${parameter}`;
      weights.set(key, weights.has(key) ? null : name);
    }
  }
  return weights;
}

function readType({ config, name }: LayerEntry): DataType {
  const dtype = config.dtype ?? "float32";
  if (dtype === "float32" || dtype === "int32") return dtype === "int32" ? "i32" : "f32";
  throw unsupported("InputLayer", name, `element type ${JSON.stringify(dtype)}`);
}

function readShape({ config, name }: LayerEntry): NamedDimension[] {
  const shape = config.batch_input_shape ?? config.batch_shape;
  if (!Array.isArray(shape) || shape.length > 8) throw malformed(`input ${name} has no shape`);
  return shape.map((size, axis) => {
    if (size === null) return shape.length === 4 && axis === 0 ? "batch" : `${name}.${axis}`;
    if (!Number.isSafeInteger(size) || size < 1) throw malformed(`input ${name} has shape [${shape}]`);
    return size;
  });
}
