// QuantizeLinear and DequantizeLinear with constant parameters, as a graph has them around its operators.
import type { Node } from "../graph.ts";
import type { Rewriter } from "./rewriter.ts";

/** What a DequantizeLinear reads, or a QuantizeLinear makes. */
export interface Quantized {
  readonly node: Node;
  /** The value that the node reads, its scale and its zero point ("" where there is none), by name. */
  readonly value: string;
  readonly scale: string;
  readonly zeroPoint: string;
  /** Of the bytes. */
  readonly type: "i8" | "u8" | "i32";
  /** The axis that scales run along; null where there is one for all. */
  readonly axis: number | null;
}

/**
 * Gives elements of its first input, or (MaxPool) the largest of some: numbers have the order of their bytes. Flatten is
 * not among them: ONNX Runtime leaves it where it is, and with it the product behind it in f32.
 */
export function isMove({ domain, op, outputs }: Node): boolean {
  return domain === "" && outputs.length === 1 && MOVES.has(op);
}

const MOVES = new Set(["Reshape", "Squeeze", "Unsqueeze", "Transpose", "Slice", "MaxPool"]);

/** null for other nodes, and where a scale or zero point is computed or belongs to a block. */
export function readQuantize(node: Node | undefined, graph: Rewriter): Quantized | null {
  return node?.op === "QuantizeLinear" ? read(node, graph, "u8") : null;
}

/** The DequantizeLinear that makes a value; null for others. */
export function readDequantize(name: string | undefined, graph: Rewriter): Quantized | null {
  const node = graph.producer(name);
  return node?.op === "DequantizeLinear" ? read(node, graph, typeOf(node.inputs[0]!, graph)) : null;
}

/** Of bytes that are given, quantized, or moved from there. */
function typeOf(name: string, graph: Rewriter): string | undefined {
  let given = name;
  for (let node = graph.producer(given); node !== undefined; node = graph.producer(given)) {
    if (!isMove(node)) return readQuantize(node, graph)?.type;
    given = node.inputs[0]!;
  }
  return graph.dtype(given);
}

/** `bare` is the type where no zero point says it. */
function read(node: Node, graph: Rewriter, bare: string | undefined): Quantized | null {
  const [value = "", scale = "", zeroPoint = ""] = node.inputs;
  const scales = graph.constant(scale);
  const zero = graph.constant(zeroPoint);
  if (scales?.dtype !== "f32" || (zeroPoint !== "" && zero === undefined)) return null;
  if ((node.attributes.get("block_size") ?? 0) !== 0 || node.attributes.has("output_dtype")) return null;
  const type = zero?.dtype ?? bare;
  if (type !== "i8" && type !== "u8" && type !== "i32") return null;
  const axis = node.attributes.get("axis") ?? 1;
  if (scales.data.length !== 1 && (typeof axis !== "number" || axis < 0)) return null;
  return { node, value, scale, zeroPoint, type, axis: scales.data.length === 1 ? null : Number(axis) };
}

/** As other operators take it: by the next inputs. */
export const parametersOf = ({ scale, zeroPoint }: Quantized): string[] => [scale, zeroPoint];

/** Whether both stand for the same numbers, with one scale and zero point for the whole tensor. */
export function areSame(a: Quantized, b: Quantized, graph: Rewriter): boolean {
  const same = (x: string, y: string) =>
    Number(graph.constant(x)?.data[0] ?? 0) === Number(graph.constant(y)?.data[0] ?? 0);
  const areWhole = a.axis === null && b.axis === null;
  return a.type === b.type && areWhole && same(a.scale, b.scale) && same(a.zeroPoint, b.zeroPoint);
}
