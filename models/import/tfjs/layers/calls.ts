// The layers of a Keras model and which calls of which others each is called on.
// attacker-controlled: a model file comes from a stranger.
import { checkNodeCount, isObject, malformed, membersOf, unsupported } from "../source.ts";
import type { LayerEntry } from "./layer.ts";

/** One call of a layer; most layers are called once. */
export interface Call {
  readonly name: string;
  readonly layer: LayerEntry;
  /** Names of calls. */
  readonly inputs: readonly string[];
}

export interface Calls {
  /** In an order in which each comes after those that it is called on. */
  readonly calls: readonly Call[];
  /** Names of the calls that the model gives out. */
  readonly outputs: readonly string[];
}

/** Throws ModelError: model_malformed, model_too_large, op_unsupported. */
export function readCalls(model: unknown): Calls {
  const { format, modelTopology } = membersOf(model);
  // Converters before 1.3 wrote no format.
  if (format !== "layers-model" && format !== undefined) {
    throw malformed(`format is ${JSON.stringify(format)}, want "layers-model"`);
  }
  const topology = membersOf(modelTopology);
  const { class_name: kind, config } = membersOf(topology.model_config ?? topology);
  // Sequential models of Keras before 2.2 are a list.
  const layers = Array.isArray(config) ? config : membersOf(config).layers;
  if (!Array.isArray(layers)) throw malformed("its layers are not a list");
  checkNodeCount(layers.length);
  switch (kind) {
    case "Sequential":
      return readSequence(layers);
    case "Model":
    case "Functional":
      return readGraph(layers, membersOf(config).output_layers);
    default:
      throw malformed(`class ${JSON.stringify(kind)}, want Sequential, Model or Functional`);
  }
}

function readLayer(value: unknown): LayerEntry {
  const { name, class_name: kind, config } = membersOf(value);
  const title = name ?? membersOf(config).name;
  if (typeof kind !== "string" || typeof title !== "string" || title === "" || !isObject(config)) {
    throw malformed("a layer lacks class_name, name or config");
  }
  if (["Model", "Functional", "Sequential"].includes(kind))
    throw unsupported(kind, title, "a model inside a model");
  return { kind, name: title, config };
}

/** Each layer is called on the one before; the input may be said by the first alone. */
function readSequence(list: readonly unknown[]): Calls {
  const layers = list.map(readLayer);
  const [first] = layers;
  if (first === undefined) throw malformed("it has no layer");
  const input: LayerEntry = { kind: "InputLayer", name: `${first.name}_input`, config: first.config };
  const all = first.kind === "InputLayer" ? layers : [input, ...layers];
  if (new Set(all.map(({ name }) => name)).size !== all.length)
    throw malformed("two layers have the same name");
  const calls = all.map((layer, i) => ({
    name: layer.name,
    layer,
    inputs: i === 0 ? [] : [all[i - 1]!.name],
  }));
  return { calls, outputs: [all.at(-1)!.name] };
}

/** The first call of a layer has its name, those after it a number too. */
function callName(layer: string, call: number): string {
  return call === 0 ? layer : `${layer}:${call}`;
}

function readGraph(list: readonly unknown[], outputLayers: unknown): Calls {
  const calls = new Map<string, Call>();
  for (const value of list) {
    const layer = readLayer(value);
    const { inbound_nodes: nodes = [] } = membersOf(value);
    if (!Array.isArray(nodes)) throw malformed(`inbound_nodes of ${layer.name}`);
    const all = layer.kind === "InputLayer" ? [[]] : nodes;
    for (const [index, node] of all.entries()) {
      if (!Array.isArray(node)) throw malformed(`inbound_nodes of ${layer.name}`);
      const name = callName(layer.name, index);
      if (calls.has(name)) throw malformed(`two layers are called ${name}`);
      calls.set(name, { name, layer, inputs: node.map((reference) => readReference(reference, layer.name)) });
      checkNodeCount(calls.size);
    }
  }
  const references = isReference(outputLayers) ? [outputLayers] : outputLayers;
  if (!Array.isArray(references) || references.length === 0) throw malformed("it has no outputs");
  const outputs = references.map((reference) => readReference(reference, "the model"));
  return { calls: sort(calls, outputs), outputs };
}

const isReference = (value: unknown) => Array.isArray(value) && typeof value[0] === "string";

/** [layer, call, output, arguments] */
function readReference(value: unknown, reader: string): string {
  const [layer, call, output, given = {}] = Array.isArray(value) ? value : [];
  if (typeof layer !== "string" || !Number.isSafeInteger(call) || output !== 0 || !isObject(given)) {
    throw malformed(`what ${reader} is called on`);
  }
  const others = Object.keys(given).filter(
    (key) => key !== "training" && key !== "name" && given[key] !== null,
  );
  if (others.length > 0) throw unsupported("call", reader, `arguments ${others.slice(0, 4).join(", ")}`);
  return callName(layer, call);
}

/** Those that the outputs need, and the model's inputs in any case. */
function sort(calls: ReadonlyMap<string, Call>, outputs: readonly string[]): Call[] {
  const sorted: Call[] = [];
  const state = new Map<string, "open" | "done">();
  const open = (name: string, reader: string) => {
    const call = calls.get(name);
    if (call === undefined) throw malformed(`${reader} is called on ${name}, which does not exist`);
    state.set(name, "open");
    return { call, next: 0 };
  };
  const inputs = [...calls.values()]
    .filter(({ layer }) => layer.kind === "InputLayer")
    .map(({ name }) => name);
  for (const root of [...inputs, ...outputs]) {
    if (state.has(root)) continue;
    // An explicit stack: the depth of a hostile graph must not become the depth of ours.
    const stack = [open(root, "the model")];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.call.inputs[top.next++];
      if (name === undefined) {
        state.set(top.call.name, "done");
        sorted.push(top.call);
        stack.pop();
      } else if (state.get(name) === "open") throw malformed(`the layers have a cycle through ${name}`);
      else if (!state.has(name)) stack.push(open(name, top.call.name));
    }
  }
  return sorted;
}
