// Reads a TensorFlow.js graph model (model.json and its weight bytes) into the graph.
// attacker-controlled: a model file comes from a stranger; sizes are checked before anything is allocated.
import { entryOf } from "../../entry.ts";
import type { Constant, Graph, NamedDimension } from "../../graph.ts";
import { GraphBuilder } from "./builder.ts";
import { type Dilations, findDilations } from "./dilation.ts";
import { CONVOLUTION, dilatedConv } from "./operators/convolution.ts";
import { ELEMENTWISE } from "./operators/elementwise.ts";
import { REDUCE } from "./operators/reduce.ts";
import { SHAPE } from "./operators/shape.ts";
import { isObject, malformed, membersOf, readManifest, type TfjsSource, unsupported } from "./source.ts";
import { nodeOf, readTopology, type TfjsNode } from "./topology.ts";
import { Translation, type TranslationTable } from "./translation.ts";
import { sinkTranspositions } from "./transpositions.ts";
import { readWeights } from "./weights.ts";

const OPERATORS: TranslationTable = { ...ELEMENTWISE, ...CONVOLUTION, ...REDUCE, ...SHAPE };

/** Operators that give their first input on: nothing here is trained, and no input is left out. */
const IDENTITIES = new Set(["Identity", "PlaceholderWithDefault", "Snapshot", "StopGradient"]);

/**
 * The graph of a TF.js graph model, NHWC as the file has it but for what stands between transpositions. A dimension of −1
 * is named after its input and axis, the batch of an image "batch".
 * Throws ModelError: model_malformed, model_too_large, weights_invalid, op_unsupported (naming operator and node).
 */
export function readTfjsGraphModel(source: TfjsSource): Graph {
  const nodes = readTopology(source.model);
  const constants = readWeights(readManifest(source.model), source.weights);
  const builder = new GraphBuilder(
    constants,
    nodes.map(({ name }) => name),
  );
  const dilations = findDilations(nodes, constants);
  for (const node of nodes) setOutputs(node, builder, readNode(node, builder, constants, dilations));
  return sinkTranspositions(builder.finish(readOutputs(source.model, nodes)));
}

/** The values that a node's outputs are; none for what makes no new value. */
function readNode(
  node: TfjsNode,
  builder: GraphBuilder,
  constants: ReadonlyMap<string, Constant>,
  dilations: Dilations,
): readonly string[] {
  const { name, op } = node;
  if (op === "NoOp") return [];
  if (op === "Const") {
    if (!constants.has(name)) throw malformed(`constant ${name} has no weights`);
    return [];
  }
  if (constants.has(name)) throw malformed(`${name} is a node and a weight`);
  if (op === "Placeholder") {
    builder.addInput(name, node.type("dtype", "f32"), readShape(node));
    return [];
  }
  const translation = new Translation(node, builder);
  if (op === "IdentityN") return translation.inputs();
  if (IDENTITIES.has(op) || dilations.idle.has(name)) return [translation.input(0)];
  const dilated = dilations.convolutions.get(name);
  if (dilated !== undefined) return [dilatedConv(translation, dilated)];
  const translate = entryOf(OPERATORS, op);
  if (translate === undefined) throw unsupported(op, name, "no importer for this operator");
  const values = translate(translation);
  return typeof values === "string" ? [values] : values;
}

function readShape(node: TfjsNode): NamedDimension[] {
  const sizes = node.shape();
  return sizes.map((size, axis) => {
    if (size !== -1) return size;
    return sizes.length === 4 && axis === 0 ? "batch" : `${node.name}.${axis}`;
  });
}

function setOutputs({ name }: TfjsNode, builder: GraphBuilder, values: readonly string[]): void {
  if (values.length === 1) builder.nameLast(name, values[0]!);
  else
    for (const [output, value] of values.entries()) {
      builder.alias(output === 0 ? name : `${name}:${output}`, value);
    }
}

/** What the model's signature says; without one, every value of a node that no other reads. */
function readOutputs(model: unknown, nodes: readonly TfjsNode[]): string[] {
  const { signature, userDefinedMetadata } = membersOf(model);
  const { outputs } = membersOf(signature ?? membersOf(userDefinedMetadata).signature);
  const made = new Set(nodes.map(({ name }) => name));
  if (isObject(outputs) && Object.keys(outputs).length > 0) {
    return Object.values(outputs).map((output) => {
      const { name } = membersOf(output);
      if (typeof name !== "string" || !made.has(nodeOf(name))) throw malformed("an output without a node");
      return name.replace(/:0$/, "");
    });
  }
  const read = new Set(nodes.flatMap(({ after }) => after));
  const ends = nodes.filter(
    ({ name, op }) => !read.has(name) && !["Const", "NoOp", "Placeholder"].includes(op),
  );
  if (ends.length === 0) throw malformed("it has no output");
  return ends.map(({ name }) => name);
}
