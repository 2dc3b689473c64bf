// Files that nobody's exporter wrote: a valid one with some of its bytes changed, or some of what its nodes say. Whatever
// comes of it, a model or an error with a code, in bounded time.
import { createProgram } from "../../models/compile.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { ANONYMOUS, emitProgram } from "../../models/manifest.ts";
import { CodedError } from "../../protocol/errors.ts";
import { createRandom, type Random } from "../kernels/random.ts";
import { type AttributeSpec, encodeModel, type NodeSpec } from "../models/import/encode-onnx.ts";
import type { FuzzCase } from "./generate.ts";
import { limitsOf } from "./run.ts";

/** A model of a few kilobytes takes milliseconds, a loop of a thousand turns seconds. */
const MAX_MS = 60_000;

/** What is wrong with how a changed file was taken; null where all is well. */
export function checkMangled(
  kernels: WebAssembly.Module,
  { model, symbols }: FuzzCase,
  seed: number,
): string | null {
  const random = createRandom(seed);
  const bytes =
    random.integer(0, 1) === 0
      ? changeBytes(encodeModel(model), random)
      : encodeModel({ ...model, nodes: changeNodes(model.nodes ?? [], random) });
  const started = performance.now();
  try {
    const graph = readOnnx(bytes);
    const recipe = { dimensions: limitsOf(graph, symbols), bytes: {} };
    emitProgram(createProgram(graph, recipe, kernels), ANONYMOUS);
  } catch (error) {
    if (!(error instanceof CodedError))
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const took = performance.now() - started;
  return took < MAX_MS ? null : `it took ${took.toFixed()} ms`;
}

/** One to three places: a bit, a byte, or a byte more or less. */
function changeBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let result = bytes;
  for (let times = random.integer(1, 3); times > 0; times--) {
    const at = random.integer(0, result.length - 1);
    const kind = random.integer(0, 3);
    const [before, behind] = [result.subarray(0, at), result.subarray(kind === 2 ? at : at + 1)];
    const changed = kind === 0 ? result[at]! ^ (1 << random.integer(0, 7)) : random.integer(0, 255);
    result = Uint8Array.from(kind === 3 ? [...before, ...behind] : [...before, changed, ...behind]);
  }
  return result;
}

const HOSTILE = [-(2 ** 53), -(2 ** 31), -7, -2, -1, 0, 1, 2, 3, 7, 64, 2 ** 16, 2 ** 31 - 1, 2 ** 53];

/** An operator, an input or an attribute of one node is another one's, is missing, or has a value that means nothing. */
function changeNodes(nodes: readonly NodeSpec[], random: Random): NodeSpec[] {
  const pick = <T>(list: readonly T[]): T => list[random.integer(0, list.length - 1)]!;
  const [index, other] = [random.integer(0, nodes.length - 1), pick(nodes)];
  const { op, inputs = [], outputs = [], attributes = {}, ...rest } = nodes[index]!;
  const at = random.integer(0, Math.max(0, inputs.length - 1));
  const names = nodes.slice(0, index + 1).flatMap((node) => node.inputs ?? []);
  const attribute = pick([...Object.keys(attributes), "axis"]);
  const changes: (() => NodeSpec)[] = [
    () => ({ ...rest, op: other.op, inputs, outputs, attributes }),
    () => ({ ...rest, op, inputs: inputs.filter((_, input) => input !== at), outputs, attributes }),
    () => ({ ...rest, op, inputs: inputs.toSpliced(at, 1, pick([...names, ""])), outputs, attributes }),
    () => ({ ...rest, op, inputs: [...inputs, pick([...names, ""])], outputs, attributes }),
    () => ({ ...rest, op, inputs, outputs: outputs.slice(1), attributes }),
    () => ({ ...rest, op, inputs, outputs, attributes: { ...attributes, ...other.attributes } }),
    () => ({
      ...rest,
      op,
      inputs,
      outputs,
      attributes: { ...attributes, [attribute]: changed(attributes[attribute], pick) },
    }),
  ];
  return nodes.toSpliced(index, 1, pick([...changes, changes.at(-1)!])());
}

function changed(attribute: AttributeSpec | undefined, pick: <T>(list: readonly T[]) => T): AttributeSpec {
  if (attribute !== undefined && "ints" in attribute) {
    const { ints } = attribute;
    const at = pick([...ints.keys(), 0]);
    return { ints: pick([ints.slice(1), [...ints, pick(HOSTILE)], ints.toSpliced(at, 1, pick(HOSTILE))]) };
  }
  return pick([{ int: pick(HOSTILE) }, { float: pick(HOSTILE) }, { text: "" }, { ints: [pick(HOSTILE)] }]);
}
