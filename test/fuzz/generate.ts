// One random case: a graph, two sets of inputs, and what is known of every value.
import type { Constant } from "../../models/graph.ts";
import { createRandom } from "../kernels/random.ts";
import type { ModelSpec } from "../models/import/encode-onnx.ts";
import { RULES } from "./operators.ts";
import { type FuzzSymbol, Sketch } from "./sketch.ts";
import { type FuzzValue, Unfit } from "./value.ts";

export interface FuzzCase {
  readonly model: ModelSpec & { readonly outputs: readonly string[] };
  readonly symbols: readonly FuzzSymbol[];
  /** By the names of the inputs, at both bindings; the same where there are no symbols. */
  readonly feeds: readonly [ReadonlyMap<string, Constant>, ReadonlyMap<string, Constant>];
  readonly values: ReadonlyMap<string, FuzzValue>;
  /** Names of RULES. */
  readonly rules: ReadonlySet<string>;
}

const MOST_RULES = 16;
/** Rules that do not fit are passed over. */
const TRIES = 80;
const OPSETS = [18, 19, 20, 21, 22, 23] as const;

/** Case `index` of `seed`. It begins with one rule after the other, so that a round of all rules meets each. */
export function generateCase(seed: number, index: number): FuzzCase {
  const random = createRandom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b)) >>> 0);
  const symbols = anySymbols(random.integer(0, 9) < 5 ? 0 : random.integer(1, 2), random.integer);
  const sketch = new Sketch(random, sketchOpset(random.integer(0, 99)), symbols);
  const names = Object.keys(RULES);
  const wanted = random.integer(1, MOST_RULES);
  const rules = new Set<string>();
  for (let tried = 0, made = 0; made < wanted && tried < TRIES; tried++) {
    const name = tried === 0 ? names[index % names.length]! : sketch.pick(names);
    if (!attempt(sketch, name)) continue;
    rules.add(name);
    made++;
  }
  return finish(sketch, rules);
}

function sketchOpset(drawn: number): number {
  return OPSETS[drawn % OPSETS.length]!;
}

/** All of them are smallest at one of the two bindings: the engine makes a plan for it first. */
function anySymbols(count: number, integer: (low: number, high: number) => number): FuzzSymbol[] {
  const isRising = integer(0, 1) === 0;
  return ["n", "t"].slice(0, count).map((name, index) => {
    const small = integer(1, 4) + index;
    const large = small + integer(1, 4);
    return { name, sizes: isRising ? [small, large] : [large, small] };
  });
}

/** Whatever a rule left behind before it found that it does not fit stays: it is part of a graph like any other. */
function attempt(sketch: Sketch, name: string): boolean {
  try {
    RULES[name]!(sketch);
    return true;
  } catch (error) {
    if (error instanceof Unfit) return false;
    throw error;
  }
}

/** What nothing reads is an output, and now and then something between. */
function finish(sketch: Sketch, rules: ReadonlySet<string>): FuzzCase {
  const leaves = sketch.leaves;
  const inner = sketch.values.filter((value) => !leaves.includes(value) && !isFed(sketch, value));
  const extra = inner.length > 0 && sketch.chance(0.3) ? [sketch.pick(inner)] : [];
  const outputs = [...leaves, ...extra].map(({ name }) => name);
  const model = {
    opset: sketch.opset,
    domains: { "com.microsoft": 1 },
    inputs: sketch.inputs,
    initializers: sketch.initializers,
    nodes: sketch.nodes,
    outputs,
  };
  return { model, symbols: sketch.symbols, feeds: sketch.feeds, values: sketch.known, rules };
}

function isFed(sketch: Sketch, { name }: FuzzValue): boolean {
  return (
    sketch.inputs.some((input) => input.name === name) ||
    sketch.initializers.some((each) => each.name === name)
  );
}
