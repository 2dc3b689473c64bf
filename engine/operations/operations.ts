// The one list of all operations of a manifest. Their order is their number on the wire: new ones come last.
import { attention } from "./attention.ts";
import type { Attributes, Operation } from "./define.ts";
import { add, binary, cast, compare, convert, dequantize, quantize, select, unary } from "./elementwise.ts";
import { gather, gather_elements, gather_nd, scatter_elements, scatter_nd } from "./gather.ts";
import { concat, expand, fill, pad, pad_constant, sizes, slice, transpose, trilu } from "./layout.ts";
import { gemm, matmul } from "./product.ts";
import { binary_quantized, gemm_integer, im2col, matmul_integer, requantize } from "./quantized.ts";
import { gru, lstm } from "./recurrent.ts";
import { argreduce, cumsum, reduce, topk } from "./reduce.ts";
import { log_softmax, normalize, softmax } from "./rows.ts";
import { avgpool, col2im, conv, dwconv, maxpool, resize } from "./window.ts";

/** Name → fields, and how they become kernel calls. */
export const OPERATIONS = {
  ...{ convert, conv, dwconv, gemm, add, avgpool, softmax },
  ...{ unary, binary, compare, select, cast, quantize, dequantize },
  ...{ transpose, slice, concat, expand, fill, pad_constant, pad, sizes, trilu },
  ...{ reduce, argreduce, topk, cumsum },
  ...{ gather, gather_elements, gather_nd, scatter_nd, scatter_elements },
  ...{ matmul, log_softmax, normalize, maxpool, resize, col2im, lstm, gru },
  ...{ matmul_integer, im2col, requantize, binary_quantized },
  ...{ attention, gemm_integer },
} as const;

/** The names of the list. */
export type OperationKind = keyof typeof OPERATIONS;
/** The fields of one kind, as a manifest has them. */
export type AttributesOf<K extends OperationKind> =
  (typeof OPERATIONS)[K] extends Operation<infer F> ? Attributes<F> : never;

/** In the order of the wire. */
export const OPERATION_KINDS = Object.keys(OPERATIONS) as OperationKind[];
