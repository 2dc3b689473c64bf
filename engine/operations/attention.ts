// Attention as one operation: the kernels that its parts would call one after the other, for one head at a time, so that
// no more than one head's scores are held.
import { BINARY, UNARY } from "../../wasm/operators.ts";
import type { BoundTensor, Lowering } from "../lowering.ts";
import { broadcastStrides, collapseLoop, sixFields, TOO_MANY_DIMENSIONS } from "../strides.ts";
import { defineOperation } from "./define.ts";
import { type Axis, readOperand } from "./product.ts";

/** Each head is a few kernel calls. */
const MAX_HEADS = 1024;

interface Heads {
  readonly pointer: number;
  readonly batch: Axis;
  readonly heads: Axis;
  readonly tokens: Axis;
  readonly size: Axis;
}

/**
 * softmax(cap · tanh(scale · q·kᵀ / cap) + terms) · v, all f32; a cap of 0 is none. q, k and v are (batch, heads,
 * tokens, size), where axis i is axis order[i] of the tensor; k and v may have fewer heads, each for a group of those of
 * q. Further inputs are terms, which repeat to (batch, heads, queries, keys). The output is (batch, queries, heads ·
 * size of v).
 */
export const attention = defineOperation(
  { scale: "real", cap: "real", qOrder: "integers", kOrder: "integers", vOrder: "integers" },
  (lowering, { scale, cap, qOrder, kOrder, vOrder }) => {
    const q = readHeads(lowering, 0, qOrder);
    const k = readHeads(lowering, 1, kOrder);
    const v = readHeads(lowering, 2, vOrder);
    const output = lowering.output(0, "f32");
    const [batch, heads, queries, keys] = [q.batch.size, q.heads.size, q.tokens.size, k.tokens.size];
    const width = heads * v.size.size;
    for (const { batch: own } of [k, v]) lowering.expect("batch of keys or values", own.size, batch);
    lowering.expect("size of a key", k.size.size, q.size.size);
    lowering.expect("number of values", v.tokens.size, keys);
    lowering.expect("heads of values", v.heads.size, k.heads.size);
    lowering.need(
      heads % k.heads.size === 0,
      `${heads} heads, want a multiple of the ${k.heads.size} of keys`,
    );
    lowering.expectWithin("number of heads", heads, 1, MAX_HEADS);
    lowering.expect("elements of the output", output.count, batch * queries * width);
    const terms = Array.from({ length: lowering.inputCount - 3 }, (_, index) =>
      readTerm(lowering, lowering.input(3 + index, "f32"), [batch, heads, queries, keys]),
    );
    const count = batch * queries * keys;
    lowering.work(heads * count, q.size.size + v.size.size + 1 + terms.length);
    const scores = lowering.take(4 * count);
    const matrix = { batch0: 1, batch1: batch, aBatch0: 0, bBatch0: 0, outputBatch0: 0 };
    for (let head = 0; head < heads; head++) {
      const kept = Math.floor((head * k.heads.size) / heads);
      lowering.step("f32_matmul", {
        ...matrix,
        m: queries,
        n: keys,
        k: q.size.size,
        a: at(q, head),
        aBatch1: q.batch.stride,
        aRow: q.tokens.stride,
        aColumn: q.size.stride,
        b: at(k, kept),
        bBatch1: k.batch.stride,
        bRow: k.size.stride,
        bColumn: k.tokens.stride,
        output: scores,
        outputBatch1: queries * keys,
        outputRow: keys,
        alpha: scale,
      });
      if (cap !== 0) limit(lowering, scores, count, cap);
      for (const { pointer, head: stride, loop } of terms) {
        const operands = { a: scores, b: pointer + 4 * head * stride, output: scores };
        lowering.step("f32_vbinary", { op: BINARY.indexOf("add"), ...loop, ...operands });
      }
      lowering.step("f32_softmax", { rows: batch * queries, columns: keys, input: scores, output: scores });
      lowering.step("f32_matmul", {
        ...matrix,
        m: queries,
        n: v.size.size,
        k: keys,
        a: scores,
        aBatch1: queries * keys,
        aRow: keys,
        aColumn: 1,
        b: at(v, kept),
        bBatch1: v.batch.stride,
        bRow: v.tokens.stride,
        bColumn: v.size.stride,
        output: output.pointer + 4 * head * v.size.size,
        outputBatch1: queries * width,
        outputRow: width,
        alpha: 1,
      });
    }
  },
);

function readHeads(lowering: Lowering, index: number, order: readonly number[]): Heads {
  const tensor = lowering.input(index, "f32");
  const { pointer, batch: axes, rows: tokens, columns: size } = readOperand(lowering, tensor, order);
  const [batch, heads] = axes;
  if (batch === undefined || heads === undefined || axes.length > 2 || tensor.count === 0)
    return lowering.refuse(
      `input ${index} is [${tensor.shape}], want (batch, heads, tokens, size), none of them 0`,
    );
  return { pointer, batch, heads, tokens, size };
}

function at({ pointer, heads }: Heads, head: number): number {
  return pointer + 4 * head * heads.stride;
}

/** A term as the second operand of a sum over one head's scores, and how far the heads are apart. */
function readTerm(lowering: Lowering, term: BoundTensor, shape: readonly [number, number, number, number]) {
  const [batch, , queries, keys] = shape;
  const strides = broadcastStrides(term.shape, shape);
  if (strides === null) return lowering.refuse(`a term of [${term.shape}] does not repeat to [${shape}]`);
  const [batchStride, head, row, column] = strides as [number, number, number, number];
  const own = [queries * keys, keys, 1];
  const loop = collapseLoop([batch, queries, keys], [own, [batchStride, row, column]]);
  if (loop === null) return lowering.refuse(TOO_MANY_DIMENSIONS);
  return {
    pointer: term.pointer,
    head,
    loop: {
      ...sixFields("size", loop.sizes),
      ...sixFields("aStride", loop.strides[0]!),
      ...sixFields("bStride", loop.strides[1]!),
    },
  };
}

/** Scores between −cap and cap. */
function limit(lowering: Lowering, scores: number, count: number, cap: number): void {
  for (const [operator, alpha] of [
    ["affine", 1 / cap],
    ["tanh", 0],
    ["affine", cap],
  ] as const) {
    const pointers = { input: scores, output: scores };
    lowering.step("f32_vunary", { op: UNARY.indexOf(operator), length: count, ...pointers, alpha, beta: 0 });
  }
}
