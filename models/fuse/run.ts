// A run: operators one behind the other that each may scale and shift channels, read by nobody else in between.
import type { Node } from "../graph.ts";
import { type ChannelMap, type Channels, channelMapOf, compose } from "./channels.ts";
import type { Rewriter } from "./rewriter.ts";

export interface Run {
  /** The value that its first node works on. */
  readonly input: string;
  readonly nodes: readonly Node[];
  /** It would go on before its first node. */
  readonly isCut: boolean;
}

/** Runs are cut at this length: a long one is not walked again from each of its nodes. */
const MAX_RUN = 16;
const OPERATORS = new Set(["Add", "Sub", "Mul", "Div", "BatchNormalization"]);

/** The run that ends in `root`; null where that is no operator of a run. */
export function runTo(root: Node | undefined, graph: Rewriter): Run | null {
  const nodes: Node[] = [];
  let input = "";
  for (let node = root; node !== undefined; node = graph.producer(input)) {
    const operand = operandOf(node, graph);
    const isInner = node === root || graph.readers(node.outputs[0]!)?.length === 1;
    if (operand === null || !isInner) break;
    if (nodes.length === MAX_RUN) return { input, nodes, isCut: true };
    nodes.unshift(node);
    input = operand;
  }
  return nodes.length === 0 ? null : { input, nodes, isCut: false };
}

/** The operand that is no constant. */
function operandOf({ domain, op, inputs }: Node, graph: Rewriter): string | null {
  if (domain !== "" || !OPERATORS.has(op)) return null;
  if (op === "BatchNormalization") return inputs[0]!;
  const [operand, ...others] = inputs.filter((name) => graph.constant(name) === undefined);
  return operand === undefined || others.length > 0 || inputs.length !== 2 ? null : operand;
}

/** What the whole run does with channels; null where one of its nodes does not treat a channel as one. */
export function mapOfRun({ input, nodes }: Run, graph: Rewriter, channels: Channels): ChannelMap | null {
  let map: ChannelMap | null = null;
  let name = input;
  for (const node of nodes) {
    const step = channelMapOf(node, name, graph, channels);
    if (step === null) return null;
    map = map === null ? step : compose(step, map);
    name = node.outputs[0]!;
  }
  return map;
}
