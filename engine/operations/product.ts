// Matrix products.
import type { KernelValues } from "../../wasm/families.ts";
import { GEMM_FORMAT } from "../../wasm/operators.ts";
import { type BoundTensor, elementCount, type Lowering } from "../lowering.ts";
import { ELEMENT_BYTES } from "../manifest.ts";
import { broadcastStrides, padStart, stridesOf } from "../strides.ts";
import { checkPermutation, defineOperation, OUTPUT } from "./define.ts";

/**
 * The last axis times packed weights. f32 → f32, qs8 → qs8, qs8 → f32. With qd8w, each row of f32 is quantized to int8
 * as it comes; with qb4w the weights have 4 bits.
 */
export const gemm = defineOperation(
  { weights: "weights", format: "integer", ...OUTPUT },
  (lowering, { weights, format, min, max, activation, offset }) => {
    const input = lowering.input(0, "f32", "qs8");
    const output = lowering.output(0, "f32", input.dtype);
    const [inputs, outputs] = [input.shape.at(-1) ?? 1, output.shape.at(-1) ?? 1];
    const rows = output.count / outputs;
    lowering.expect("elements of the input", input.count, rows * inputs);
    lowering.work(output.count, inputs);
    // Those in 8 or 4 bits are of f32 on both sides.
    lowering.expectWithin(
      `format for ${input.dtype}`,
      format,
      0,
      input.dtype === "f32" ? GEMM_FORMAT.length - 1 : 0,
    );
    const name = GEMM_FORMAT[format]!;
    const typed = input.dtype === "f32" ? "f32" : "qc8w";
    const values = {
      output: output.pointer,
      rows,
      inputs,
      outputs,
      inputStride: inputs,
      outputStride: outputs,
      weights: lowering.weights(name === "typed" ? typed : name, weights, outputs, inputs),
      ...lowering.clamp(min, max, output.dtype),
    };
    const call = { ...values, input: input.pointer };
    const activated = lowering.activation(activation, offset, input.dtype);
    if (name === "qd8w") return multiplyQuantized(lowering, input, { ...values, ...activated });
    if (name === "qb4w") lowering.expect("activation behind qb4w", activation, 0);
    if (name === "qb4w") return lowering.step("f32_qb4w_gemm", call);
    if (input.dtype === "f32") lowering.step("f32_gemm", { ...call, ...activated });
    else if (output.dtype === "f32") lowering.step("qs8_f32_qc8w_gemm", call);
    else lowering.step("qs8_qc8w_gemm", { ...call, outputZeroPoint: output.zeroPoint });
  },
);

/** The rows in int8 with a scale each, and their product. */
function multiplyQuantized(
  lowering: Lowering,
  input: BoundTensor,
  values: Omit<KernelValues<"qd8_f32_qc8w_gemm">, "input" | "rowScales" | "scratch">,
): void {
  const { rows, inputs } = values;
  const quantized = lowering.take(rows * inputs);
  const rowScales = lowering.take(4 * rows);
  lowering.step("f32_qd8_quantize", {
    rows,
    columns: inputs,
    input: input.pointer,
    output: quantized,
    scales: rowScales,
  });
  lowering.step("qd8_f32_qc8w_gemm", { ...values, input: quantized, rowScales });
}

/**
 * alpha · a·b of two activations (f32): axis i of a is axis aOrder[i] of the tensor that holds it, so that a transposed
 * operand is not moved. The last two axes are the matrices; the ones before repeat as the output's do.
 */
export const matmul = defineOperation(
  { alpha: "real", aOrder: "integers", bOrder: "integers" },
  (lowering, { alpha, aOrder, bOrder }) => {
    lowering.output(0, "f32");
    const a = readOperand(lowering, lowering.input(0, "f32"), aOrder);
    const b = readOperand(lowering, lowering.input(1, "f32"), bOrder);
    eachProduct(lowering, a, b, 2, ({ batches, aBatches, bBatches, outputBatches, ...call }) => {
      const [batch0, batch1] = batches as [number, number];
      const [aBatch0, aBatch1] = aBatches as [number, number];
      const [bBatch0, bBatch1] = bBatches as [number, number];
      const [outputBatch0, outputBatch1] = outputBatches as [number, number];
      lowering.step("f32_matmul", {
        ...call,
        ...{ batch0, batch1, aBatch0, aBatch1, bBatch0, bBatch1, outputBatch0, outputBatch1 },
        alpha,
      });
    });
  },
);

/** Of one product of more batch axes than its kernel has. */
const MAX_CALLS = 1024;

export interface Axis {
  readonly size: number;
  readonly stride: number;
}

export interface Operand {
  readonly pointer: number;
  readonly elementBytes: number;
  readonly batch: readonly Axis[];
  readonly rows: Axis;
  readonly columns: Axis;
}

/** Axis i of the operand is axis order[i] of the tensor. */
export function readOperand(lowering: Lowering, tensor: BoundTensor, order: readonly number[]): Operand {
  const rank = tensor.shape.length;
  checkPermutation(lowering, order, tensor.shape);
  lowering.need(rank >= 2, `an operand of [${tensor.shape}], want matrices`);
  const strides = stridesOf(tensor.shape);
  const axes = order.map((axis): Axis => ({ size: tensor.shape[axis]!, stride: strides[axis]! }));
  return {
    pointer: tensor.pointer,
    elementBytes: ELEMENT_BYTES[tensor.dtype],
    batch: axes.slice(0, -2),
    rows: axes.at(-2)!,
    columns: axes.at(-1)!,
  };
}

/** One call of a kernel that multiplies matrices: sizes, pointers, and strides in elements. */
interface ProductCall {
  readonly batches: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: number;
  readonly aBatches: readonly number[];
  readonly aRow: number;
  readonly aColumn: number;
  readonly b: number;
  readonly bBatches: readonly number[];
  readonly bRow: number;
  readonly bColumn: number;
  readonly output: number;
  readonly outputBatches: readonly number[];
  readonly outputRow: number;
}

/**
 * All products that make up the output, whose elements have 4 bytes: a kernel has `axes` batch axes, further ones are a
 * loop of calls.
 */
export function eachProduct(
  lowering: Lowering,
  a: Operand,
  b: Operand,
  axes: number,
  step: (call: ProductCall) => void,
): void {
  const output = lowering.output();
  const [m, k, n] = [a.rows.size, a.columns.size, b.columns.size];
  lowering.expect("rows of the right operand", b.rows.size, k);
  lowering.expectShape("the output's matrices", output.shape.slice(-2), [m, n]);
  const sizes = output.shape.slice(0, -2);
  const strides = [a, b].map(
    (operand) =>
      repeatBatch(operand, sizes) ??
      lowering.refuse(`batches of [${operand.batch.map(({ size }) => size)}] do not repeat to [${sizes}]`),
  );
  lowering.work(output.count, k);
  const [aStrides, bStrides] = strides as [number[], number[]];
  const outputStrides = stridesOf(output.shape).slice(0, -2);
  const outer = sizes.slice(0, -axes);
  const calls = elementCount(outer);
  lowering.expectWithin("batches beside the kernel's", calls, 0, MAX_CALLS);
  const inner = (list: readonly number[], fill: number) => padStart(list.slice(-axes), fill, axes);
  for (let call = 0; call < calls; call++) {
    const offset = (list: readonly number[]) => {
      let rest = call;
      let sum = 0;
      for (let axis = outer.length - 1; axis >= 0; axis--) {
        sum += (rest % outer[axis]!) * list[axis]!;
        rest = Math.floor(rest / outer[axis]!);
      }
      return sum;
    };
    step({
      batches: inner(sizes, 1),
      m,
      n,
      k,
      a: a.pointer + a.elementBytes * offset(aStrides),
      aBatches: inner(aStrides, 0),
      aRow: a.rows.stride,
      aColumn: a.columns.stride,
      b: b.pointer + b.elementBytes * offset(bStrides),
      bBatches: inner(bStrides, 0),
      bRow: b.rows.stride,
      bColumn: b.columns.stride,
      output: output.pointer + 4 * offset(outputStrides),
      outputBatches: inner(outputStrides, 0),
      outputRow: n,
    });
  }
}

/** The stride of each batch axis of the output: 0 where the operand repeats. */
function repeatBatch({ batch }: Operand, batches: readonly number[]): number[] | null {
  const repeats = broadcastStrides(
    batch.map(({ size }) => size),
    batches,
  );
  const lead = batches.length - batch.length;
  return repeats?.map((repeat, axis) => (repeat === 0 ? 0 : batch[axis - lead]!.stride)) ?? null;
}
