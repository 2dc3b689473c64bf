// A quantized model as an artifact: compiled, written, read again, loaded and asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../../cli/artifacts.ts";
import { loadModel } from "../../../engine/index.ts";
import { readOnnx } from "../../../models/import/onnx.ts";
import { compileGraph, type Quantization } from "../../fuzz/run.ts";
import { encodeModel, FLOAT } from "../import/encode-onnx.ts";
import { ints, ModelBuilder } from "./builder.ts";
import { draw, INT8, type RivalModel, runBoth, UINT8 } from "./rival.ts";

const kernels = await readKernels();
const bytesOf = (data: ArrayBufferView): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice();

/** A convolution of pairs, and a layer that is quantized as it runs. */
function createModel(): RivalModel {
  const net = new ModelBuilder();
  const x = net.through(net.input(FLOAT, 1, 3, 8, 8), UINT8, { scale: 0.03, zeroPoint: 128 });
  const w = net.dequantize(net.constant(INT8, [6, 3, 3, 3]), INT8, { scale: 0.004, zeroPoint: 0 });
  const y = net.through(net.one("Conv", [x, w], { strides: ints(2, 2) }), UINT8, {
    scale: 0.02,
    zeroPoint: 130,
  });
  const [bytes = "", scale = "", zeroPoint = ""] = net.node(
    "DynamicQuantizeLinear",
    [net.one("Flatten", [y])],
    {},
    3,
  );
  const sums = net.one("MatMulInteger", [bytes, net.constant(INT8, [54, 5]), zeroPoint]);
  return net.model(net.one("Mul", [net.one("Cast", [sums], { to: { int: FLOAT } }), scale]));
}

const compile = (model: RivalModel, quantization: Quantization) =>
  compileGraph(kernels, readOnnx(encodeModel({ opset: 18, ...model })), quantization, [], []);

test("compiled without quantization, an artifact gives the bytes of onnxruntime-web", async () => {
  const model = createModel();
  const [{ name, shape }] = model.inputs as [(typeof model.inputs)[0]];
  const data = draw(FLOAT, shape);
  const { digest, manifest, chunks } = await compile(model, "none");
  const openChunk = async (index: number) => new Blob([chunks[index]! as Uint8Array<ArrayBuffer>]).stream();
  const { outputs } = await runBoth(model, { [name]: data });
  for (const isa of ["scalar", "simd128"] as const) {
    const loaded = await loadModel({ kernels, isa, manifest, model: digest, openChunk });
    const [output] = loaded.execute([{ dtype: "f32", shape, data: bytesOf(data) }]);
    assert.deepEqual(output!.data, bytesOf(outputs[0]!.wanted));
  }
});

for (const quantization of ["static", "dynamic"] as const) {
  test(`a model that arrives quantized is not quantized again: ${quantization}`, async () => {
    await assert.rejects(compile(createModel(), quantization), {
      code: "op_unsupported",
      message:
        'fuzz arrives quantized; its recipe has to say quantization "none", which keeps its parameters',
    });
  });
}
