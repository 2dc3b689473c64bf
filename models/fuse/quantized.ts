// DequantizeLinear, an operator, QuantizeLinear: the operator in integers. What becomes one is what ONNX Runtime makes
// one of on its own, for the same types, so that the bytes are the same; everything else runs as it is written.
import type { Node } from "../graph.ts";
import { quantizeBias } from "./quantized-constants.ts";
import { parametersOf, type Quantized, readDequantize, readQuantize } from "./quantized-pair.ts";
import type { Match, Rewriter } from "./rewriter.ts";

/** The operator in integers, of inputs that are all quantized; null where it stays. */
type Fuse = (node: Node, inputs: readonly Quantized[], output: Quantized, graph: Rewriter) => Node | null;

export const fuseQuantized: Match = (root, graph) => {
  const output = readQuantize(root, graph);
  const node = output && quantizedNode(output, graph);
  if (!output || output.axis !== null || !node || node.domain !== "" || node.outputs.length !== 1)
    return null;
  const biased = node.op === "Add" ? fuseBiasedProduct(node, output, graph) : null;
  if (biased !== null) return { nodes: [{ ...biased, outputs: root.outputs }] };
  const fuse = Object.hasOwn(FUSIONS, node.op) ? FUSIONS[node.op] : undefined;
  const inputs = fuse && readInputs(node, graph);
  const fused = fuse && inputs && fuse(node, inputs, output, graph);
  return fused ? { nodes: [{ ...fused, outputs: root.outputs }] } : null;
};

/**
 * A product whose result stays f32. ONNX Runtime leaves those of int8 without a bias in f32, and those with one of f32.
 */
export const fuseProduct: Match = (root, graph) => {
  if (root.domain !== "" || (root.op !== "MatMul" && root.op !== "Gemm")) return null;
  const readers = graph.readers(root.outputs[0]!) ?? [];
  if (readers.some(({ op }) => op === "QuantizeLinear")) return null;
  const inputs = readInputs(root, graph);
  if (inputs === null) return null;
  const [a, b] = inputs;
  const isGemm = b && graph.rank(b.value) === 2 && readers.some((reader) => biasOf(reader, root, graph));
  if (root.op === "MatMul" && (a?.type === "i8" || isGemm)) return null;
  const fused =
    root.op === "MatMul" ? fuseMatMul(root, inputs, null, graph) : fuseGemm(root, inputs, null, graph);
  return fused && { nodes: [fused] };
};

/** All inputs that there are; null where one is not quantized. */
function readInputs(node: Node, graph: Rewriter): readonly Quantized[] | null {
  const names = node.inputs.filter((name) => name !== "");
  const inputs = names.map((name) => readDequantize(name, graph));
  return inputs.every((input) => input !== null) ? inputs : null;
}

/** What makes the value that is quantized, and nothing else reads; a Relu or Clip between changes no byte. */
function quantizedNode(output: Quantized, graph: Rewriter): Node | undefined {
  const isAlone = (name: string) => graph.readers(name)?.length === 1;
  const node = isAlone(output.value) ? graph.producer(output.value) : undefined;
  if (node === undefined || !isClamp(node) || !isRedundant(node, output, graph)) return node;
  return isAlone(node.inputs[0]!) ? graph.producer(node.inputs[0]) : undefined;
}

const isClamp = ({ domain, op }: Node): boolean => domain === "" && (op === "Relu" || op === "Clip");

const F32_EPSILON = 2 ** -23;

/** Saturating to bytes clamps as much. */
function isRedundant(clamp: Node, { scale, zeroPoint, type }: Quantized, graph: Rewriter): boolean {
  const [step, zero] = [numberOf(scale, graph), zeroPoint === "" ? 0 : numberOf(zeroPoint, graph)];
  if (type === "i32" || step === null || zero === null) return false;
  const lowest = type === "u8" ? 0 : -128;
  if (clamp.op === "Relu") return zero === lowest;
  const [, low = "", high = ""] = clamp.inputs;
  const [min, max] = [
    low === "" ? -Infinity : numberOf(low, graph),
    high === "" ? Infinity : numberOf(high, graph),
  ];
  if (min === null || max === null) return false;
  const [lower, upper] = [lowest - zero, lowest + 255 - zero].map((each) => Math.fround(step * each)) as [
    number,
    number,
  ];
  return min - lower <= F32_EPSILON && upper - max <= F32_EPSILON;
}

function numberOf(name: string, graph: Rewriter): number | null {
  const data = graph.constant(name)?.data;
  return data?.length === 1 ? Number(data[0]) : null;
}

const operandOf = (quantized: Quantized): string[] => [quantized.value, ...parametersOf(quantized)];

/** Bytes with one scale and zero point each, of one type. */
function areAlike(tensors: readonly Quantized[]): boolean {
  return tensors.every(({ type, axis }) => type === tensors[0]!.type && type !== "i32" && axis === null);
}

/** int8 activations want int8 weights, uint8 ones take both. */
function areOperands(a: Quantized, b: Quantized, axis: number | undefined): boolean {
  return (
    areAlike([a]) &&
    b.type !== "i32" &&
    (a.type === "u8" || b.type === "i8") &&
    (b.axis === null || b.axis === axis)
  );
}

/** ONNX Runtime takes a bias in other steps than input times weights for one in these as far as 1 % away. */
const STEP_TOLERANCE = 0.01;

/** int32 that is known, in steps of input scale times weight scale: it becomes part of the sums. */
function isBias(bias: Quantized | undefined, a: Quantized, b: Quantized, graph: Rewriter): boolean {
  if (bias === undefined) return true;
  const sums = graph.constant(bias.value);
  const zero = graph.constant(bias.zeroPoint)?.data ?? [];
  if (sums?.dtype !== "i32" || Array.from<number | bigint>(zero).some((each) => Number(each) !== 0))
    return false;
  const at = ({ scale }: Quantized, index: number): number => {
    const scales = graph.constant(scale)!.data as Float32Array;
    return scales[scales.length === 1 ? 0 : index] ?? Number.NaN;
  };
  return sums.data.every((_, index) => {
    const step = at(a, 0) * at(b, index);
    return Math.abs(at(bias, index) - step) <= STEP_TOLERANCE * step;
  });
}

const fuseConv: Fuse = (node, [x, w, bias], output, graph) => {
  if (!x || !w || !areAlike([x, output]) || !areOperands(x, w, 0) || !isBias(bias, x, w, graph)) return null;
  const inputs = [...operandOf(x), ...operandOf(w), ...parametersOf(output), ...(bias ? [bias.value] : [])];
  return { ...node, op: "QLinearConv", inputs };
};

function fuseMatMul(
  node: Node,
  [a, b]: readonly Quantized[],
  output: Quantized | null,
  graph: Rewriter,
): Node | null {
  const rank = b && graph.rank(b.value);
  if (!a || !b || !areOperands(a, b, rank === undefined ? undefined : rank - 1)) return null;
  if (output !== null && !areAlike([a, output])) return null;
  if (output !== null)
    return {
      ...node,
      op: "QLinearMatMul",
      inputs: [...operandOf(a), ...operandOf(b), ...parametersOf(output)],
    };
  const inputs = [a.value, b.value, a.scale, b.scale, a.zeroPoint, b.zeroPoint];
  return { ...node, domain: "com.microsoft", op: "MatMulIntegerToFloat", inputs };
}

/** The constant of as many elements as there are columns that an Add adds to a product; null where it is none. */
function biasOf(add: Node, product: Node, graph: Rewriter): { name: string; data: Float32Array } | null {
  if (add.domain !== "" || add.op !== "Add") return null;
  const name = add.inputs.find((input) => input !== product.outputs[0]) ?? "";
  const constant = graph.constant(name);
  if (constant?.dtype !== "f32" || constant.shape.length !== 1 || constant.data.length < 2) return null;
  return { name, data: constant.data };
}

/** MatMul and Add are a Gemm, whose bias becomes int32. */
function fuseBiasedProduct(add: Node, output: Quantized, graph: Rewriter): Node | null {
  const product = add.inputs.map((name) => graph.producer(name)).find((node) => node?.op === "MatMul");
  if (product === undefined || product.domain !== "" || graph.readers(product.outputs[0]!)?.length !== 1)
    return null;
  const bias = biasOf(add, product, graph);
  const [a, b] = readInputs(product, graph) ?? [];
  if (bias === null || !a || !b || graph.rank(b.value) !== 2) return null;
  if (!areOperands(a, b, 1) || !areAlike([a, output])) return null;
  const scales = graph.constant(b.scale)!.data as Float32Array;
  const columns = graph.constant(b.value)?.shape[1] ?? bias.data.length;
  if (columns !== bias.data.length || (b.axis !== null && scales.length !== columns)) return null;
  const { sums } = quantizeBias(bias.name, bias.data, scales, numberOf(a.scale, graph)!, graph);
  const inputs = [...operandOf(a), ...operandOf(b), sums, ...parametersOf(output)];
  return { ...product, domain: "com.microsoft", op: "QGemm", inputs };
}

function fuseGemm(
  node: Node,
  [a, b, c]: readonly Quantized[],
  output: Quantized | null,
  graph: Rewriter,
): Node | null {
  const axis = (node.attributes.get("transB") ?? 0) === 0 ? 1 : 0;
  if (!a || !b || !areOperands(a, b, axis) || !isBias(c, a, b, graph)) return null;
  // QGemm scales the sums by alpha, and with them a bias that is in steps of a · b.
  const isScaled = ["alpha", "beta"].some((name) => (node.attributes.get(name) ?? 1) !== 1);
  if (c !== undefined && isScaled) return null;
  if (output !== null && !areAlike([a, output])) return null;
  const attributes = new Map([...node.attributes].filter(([name]) => name !== "beta"));
  const behind = output === null ? [] : parametersOf(output);
  const inputs = [...operandOf(a), ...operandOf(b), c?.value ?? "", ...behind];
  return { ...node, domain: "com.microsoft", op: "QGemm", inputs, attributes };
}

const fuseElementwise: Fuse = (node, inputs, output) => {
  if (!areAlike([...inputs, output])) return null;
  const operands = [...inputs.flatMap(operandOf), ...parametersOf(output)];
  return { ...node, domain: "com.microsoft", op: `QLinear${node.op}`, inputs: operands };
};

const fuseConcat: Fuse = (node, inputs, output) => {
  if (!areAlike([...inputs, output])) return null;
  const operands = [...parametersOf(output), ...inputs.flatMap(operandOf)];
  return { ...node, domain: "com.microsoft", op: "QLinearConcat", inputs: operands };
};

const FUSIONS: Readonly<Record<string, Fuse>> = {
  Conv: fuseConv,
  MatMul: fuseMatMul,
  Gemm: fuseGemm,
  Add: fuseElementwise,
  Mul: fuseElementwise,
  GlobalAveragePool: fuseElementwise,
  AveragePool: fuseElementwise,
  LeakyRelu: fuseElementwise,
  Sigmoid: fuseElementwise,
  Concat: fuseConcat,
};
