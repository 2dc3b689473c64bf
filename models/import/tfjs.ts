// Reads a TensorFlow.js graph model (model.json and its weight bytes) into the graph.
// attacker-controlled: a model file comes from a stranger; sizes are checked before anything is allocated.
import { ModelError } from "../errors.ts";
import {
  type Clip,
  type Constant,
  type Graph,
  type GraphInput,
  NO_CLIP,
  type Node,
  type Window,
} from "../legacy-graph.ts";
import { readWeights, type TfjsWeight } from "./tfjs-weights.ts";

/** A graph model can have at most this many nodes; the model that ships has 178. */
const MAX_NODES = 100_000;
export interface TfjsSource {
  /** The parsed model.json: `format`, `modelTopology`, `weightsManifest`. */
  readonly model: unknown;
  /** All weight shards, in the manifest's order, end to end. */
  readonly weights: Uint8Array;
}

interface TfjsNode {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, TfjsAttribute>;
}

interface TfjsAttribute {
  s?: string;
  b?: boolean;
  shape?: { dim?: { size: string | number }[] };
  list?: { i?: (string | number)[]; s?: string[] };
}

/**
 * The graph of a TF.js graph model. Batch (-1) becomes 1.
 * Throws ModelError: model_malformed, model_too_large, weights_invalid, op_unsupported (naming operator and node).
 */
export function readTfjsGraph(source: TfjsSource): Graph {
  const { nodes, weights } = checkForm(source.model);
  const constants = readWeights(weights, source.weights);
  const inputs: GraphInput[] = [];
  const result: Node[] = [];
  const byName = new Map(nodes.map((node) => [node.name, node]));
  if (byName.size !== nodes.length) throw malformed("two nodes have the same name");
  for (const node of sortTopologically(nodes, byName)) {
    if (node.op === "Placeholder")
      inputs.push({ name: node.name, shape: readShape(node), scale: 1, bias: 0 });
    else if (node.op === "Const") {
      if (!constants.has(node.name)) throw malformed(`constant ${node.name} has no weights`);
    } else result.push(...readNode(node, constants));
  }
  const read = new Set(result.flatMap((node) => node.inputs));
  const outputs = result.filter((node) => !read.has(node.name)).map((node) => node.name);
  return { inputs, outputs, nodes: result, constants };
}

function malformed(detail: string): ModelError {
  return new ModelError("model_malformed", `not a TF.js graph model: ${detail}`);
}

function checkForm(model: unknown): { nodes: TfjsNode[]; weights: TfjsWeight[] } {
  const { format, modelTopology, weightsManifest } = (model ?? {}) as Record<string, unknown>;
  if (format !== "graph-model") throw malformed(`format is ${JSON.stringify(format)}, want "graph-model"`);
  const nodes = (modelTopology as { node?: unknown } | undefined)?.node;
  if (!Array.isArray(nodes)) throw malformed("modelTopology.node is not a list");
  if (nodes.length > MAX_NODES) {
    throw new ModelError("model_too_large", `the model has ${nodes.length} nodes, the limit is ${MAX_NODES}`);
  }
  for (const node of nodes) {
    if (typeof node?.name !== "string" || typeof node.op !== "string")
      throw malformed("a node lacks name or op");
    if (node.input !== undefined && !isStringList(node.input)) throw malformed(`inputs of ${node.name}`);
  }
  if (!Array.isArray(weightsManifest)) throw malformed("weightsManifest is not a list");
  const weights: TfjsWeight[] = weightsManifest.flatMap((group) => group?.weights ?? []);
  for (const weight of weights) {
    if (typeof weight?.name !== "string" || !Array.isArray(weight.shape))
      throw malformed("a weight lacks name or shape");
    if (!weight.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw malformed(`shape of weight ${weight.name}`);
    }
  }
  return { nodes, weights };
}

function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** `name:0` and `^name` (a control edge) both refer to the node `name`. */
function nodeOf(input: string): string {
  return input.replace(/^\^/, "").replace(/:\d+$/, "");
}

function sortTopologically(nodes: readonly TfjsNode[], byName: ReadonlyMap<string, TfjsNode>): TfjsNode[] {
  const sorted: TfjsNode[] = [];
  const state = new Map<TfjsNode, "open" | "done">();
  for (const root of nodes) {
    // An explicit stack: the depth of a hostile graph must not become the depth of ours.
    const stack = [root];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      if (state.get(node) === "done") {
        stack.pop();
        continue;
      }
      state.set(node, "open");
      const missing = (node.input ?? []).map((input) => {
        const source = byName.get(nodeOf(input));
        if (source === undefined) throw malformed(`${node?.name} reads ${input}, which does not exist`);
        return source;
      });
      const next = missing.find((source) => state.get(source) !== "done");
      if (next === undefined) {
        state.set(node, "done");
        sorted.push(node);
        stack.pop();
      } else if (state.get(next) === "open") throw malformed(`the graph has a cycle through ${next.name}`);
      else stack.push(next);
    }
  }
  return sorted;
}

function readShape(node: TfjsNode): number[] {
  const dims = node.attr?.shape?.shape?.dim;
  if (dims === undefined) throw malformed(`input ${node.name} has no shape`);
  const shape = dims.map(({ size }, axis) => (axis === 0 && Number(size) === -1 ? 1 : Number(size)));
  if (!shape.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw malformed(`input ${node.name} has shape [${shape.join(", ")}]`);
  }
  return shape;
}

function unsupported(node: TfjsNode, reason: string): ModelError {
  return new ModelError("op_unsupported", `${node.op} (node ${node.name}): ${reason}`);
}

function readNode(node: TfjsNode, constants: ReadonlyMap<string, Constant>): Node[] {
  const inputs = (node.input ?? []).filter((input) => !input.startsWith("^")).map(nodeOf);
  const { name } = node;
  switch (node.op) {
    case "_FusedConv2D":
    case "FusedDepthwiseConv2dNative":
    case "_FusedMatMul": {
      const op = { _FusedConv2D: "Conv", FusedDepthwiseConv2dNative: "DepthwiseConv", _FusedMatMul: "Dense" }[
        node.op
      ];
      const clip = readFusedOps(node);
      if (inputs.length !== 3)
        throw unsupported(node, `${inputs.length} inputs, want activations, weights and bias`);
      const weights = constants.get(inputs[1] ?? "");
      if (weights === undefined || !constants.has(inputs[2] ?? ""))
        throw unsupported(node, "weights that are computed");
      if (op === "Dense") {
        if (node.attr?.transpose_a?.b || node.attr?.transpose_b?.b)
          throw unsupported(node, "transposed operands");
        return withClip({ op, name, inputs, clip: NO_CLIP }, clip);
      }
      const kernel: [number, number] = [weights.shape[0] ?? 0, weights.shape[1] ?? 0];
      return withClip(
        { op: op as "Conv", name, inputs, window: readWindow(node, kernel), clip: NO_CLIP },
        clip,
      );
    }
    case "Add":
    case "AddV2":
      return [{ op: "Add", name, inputs, clip: NO_CLIP }];
    case "Sub":
    case "Mul":
      return [{ op: node.op, name, inputs, clip: NO_CLIP }];
    case "Relu6":
    case "Relu":
      return [{ op: "Clip", name, inputs, clip: { min: 0, max: node.op === "Relu6" ? 6 : NO_CLIP.max } }];
    case "AvgPool": {
      const [, height = 0, width = 0] = readIntegers(node, "ksize");
      return [
        {
          op: "AveragePool",
          name,
          inputs,
          kernel: [height, width],
          window: readWindow(node, [height, width]),
          clip: NO_CLIP,
        },
      ];
    }
    case "Squeeze":
      return [{ op: "Squeeze", name, inputs, axes: readIntegers(node, "squeeze_dims") }];
    case "Softmax":
    case "Identity":
      return [{ op: node.op, name, inputs }];
    default:
      throw unsupported(node, "no importer for this operator");
  }
}

/** A fused activation becomes a Clip node of its own; the passes fuse it again, whatever format it came from. */
function withClip(node: Node, clip: Clip): Node[] {
  if (clip === NO_CLIP) return [node];
  const inner = `${node.name}:linear`;
  return [
    { ...node, name: inner },
    { op: "Clip", name: node.name, inputs: [inner], clip },
  ];
}

function readFusedOps(node: TfjsNode): Clip {
  const ops = (node.attr?.fused_ops?.list?.s ?? []).map((op) => atob(op));
  if (ops[0] !== "BiasAdd")
    throw unsupported(node, `fused operations [${ops.join(", ")}], want BiasAdd first`);
  switch (ops.slice(1).join()) {
    case "":
      return NO_CLIP;
    case "Relu":
      return { min: 0, max: NO_CLIP.max };
    case "Relu6":
      return { min: 0, max: 6 };
    default:
      throw unsupported(node, `fused operations [${ops.join(", ")}]`);
  }
}

function readIntegers(node: TfjsNode, name: string): number[] {
  const list = (node.attr?.[name]?.list?.i ?? []).map(Number);
  if (!list.every((value) => Number.isSafeInteger(value) && value > 0))
    throw unsupported(node, `${name} [${list}]`);
  return list;
}

/** Padding stays symbolic here: -1 means SAME, and the shape pass resolves it against the input's size. */
function readWindow(node: TfjsNode, kernel: readonly [number, number]): Window {
  const [, strideHeight = 0, strideWidth = 0] = readIntegers(node, "strides");
  const [, dilationHeight = 1, dilationWidth = 1] = readIntegers(node, "dilations");
  if (atob(node.attr?.data_format?.s ?? "") !== "NHWC")
    throw unsupported(node, "a data format other than NHWC");
  if (kernel.some((size) => size < 1) || strideHeight < 1 || strideWidth < 1)
    throw unsupported(node, "an empty window");
  const padding = atob(node.attr?.padding?.s ?? "");
  if (padding !== "SAME" && padding !== "VALID")
    throw unsupported(node, `padding ${JSON.stringify(padding)}`);
  const pad = padding === "SAME" ? -1 : 0;
  return {
    strides: [strideHeight, strideWidth],
    dilations: [dilationHeight, dilationWidth],
    pads: [pad, pad, pad, pad],
  };
}
