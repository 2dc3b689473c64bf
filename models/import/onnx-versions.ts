// Translates a node of any opset from 1 to 23 to the form of opset 21. Files in versions/ say how, by operator; an
// operator that none of them names has not changed in what it computes, or is refused when it is lowered.
import { entryOf } from "../entry.ts";
import type { DataType, Node } from "../graph.ts";
import { holderOf, readType, readTypeName } from "./onnx-types.ts";
import { type Translate, type Translation, unsupported, withAttributes } from "./translation.ts";
import { AXES } from "./versions/axes.ts";
import { BOUNDS } from "./versions/bounds.ts";
import { BROADCAST } from "./versions/broadcast.ts";
import { INFERENCE } from "./versions/inference.ts";
import { RESIZE } from "./versions/resize.ts";

const TRANSLATIONS: Readonly<Record<string, Translate>> = {
  ...AXES,
  ...BOUNDS,
  ...BROADCAST,
  ...INFERENCE,
  ...RESIZE,
  Scatter: (node) => ({ ...node, op: "ScatterElements" }),
};

/** Operators on what is no tensor, or no inference. */
const OUTSIDE =
  /^(Sequence|ConcatFromSequence|SplitToSequence|Optional|String|RegexFullMatch|TfIdf|Gradient)/;

/** Attributes that name an element type by its number. */
const TYPE_ATTRIBUTES = ["to", "dtype", "output_dtype", "output_datatype"];

/** Throws ModelError: op_unsupported, naming operator and node; model_malformed for attributes of the wrong kind. */
export function translateNode(node: Node, version: number, translation: Translation): readonly Node[] {
  if (OUTSIDE.test(node.op)) throw unsupported(node, "it does not work on tensors alone");
  const typed = nameTypes(withAttributes(node, { consumed_inputs: null }));
  const translate = node.domain === "" ? entryOf(TRANSLATIONS, node.op) : undefined;
  const result = translate?.(typed, version, translation) ?? typed;
  return Array.isArray(result) ? result : [result as Node];
}

/** Element types by number (or, in Cast-1, by name) become ours; 0 means that none is given. */
function nameTypes(node: Node): Node {
  const changes: Record<string, DataType | null> = {};
  for (const name of TYPE_ATTRIBUTES) {
    const value = node.attributes.get(name);
    const what = `attribute ${name} of ${node.op} (node ${node.name})`;
    if (typeof value === "string") changes[name] = holderOf(readTypeName(value, what));
    else if (typeof value === "number") changes[name] = value === 0 ? null : holderOf(readType(value, what));
  }
  return withAttributes(node, changes);
}
