// Axes that were an attribute and are an input: Squeeze, Unsqueeze (13), ReduceSum (13), the other reductions (18).
import {
  int64s,
  integersOf,
  type Translate,
  unsupported,
  withAttributes,
  withInput,
} from "../translation.ts";

/** For an operator whose axes became input 1 with opset `since`. */
function axesFrom(since: number): Translate {
  return (node, version, translation) => {
    if (version >= since) return node;
    if (node.inputs.length !== 1)
      throw unsupported(node, `${node.inputs.length} inputs before opset ${since}`);
    const axes = integersOf(node, "axes", null);
    const bare = withAttributes(node, { axes: null });
    return axes === null
      ? bare
      : withInput(bare, 1, translation.addConstant(`${node.name}:axes`, int64s(axes)));
  };
}

const REDUCTIONS = [
  "ReduceL1",
  "ReduceL2",
  "ReduceLogSum",
  "ReduceLogSumExp",
  "ReduceMax",
  "ReduceMean",
  "ReduceMin",
  "ReduceProd",
  "ReduceSumSquare",
];

export const AXES: Readonly<Record<string, Translate>> = {
  Squeeze: axesFrom(13),
  Unsqueeze: axesFrom(13),
  ReduceSum: axesFrom(13),
  ...Object.fromEntries(REDUCTIONS.map((op) => [op, axesFrom(18)])),
};
