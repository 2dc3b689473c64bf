// A quantized model as an artifact: compiled, written, read again, loaded and asked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readKernels } from "../../../cli/artifacts/artifacts.ts";
import { loadModel } from "../../../engine/index.ts";
import { readOnnx } from "../../../models/import/onnx.ts";
import { compileGraph, type Quantization, Runner } from "../../fuzz/run.ts";
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

test("compiled without quantization, an artifact gives the bytes of onnxruntime-web", async () => {
  const model = createModel();
  const [{ name, shape }] = model.inputs as [(typeof model.inputs)[0]];
  const data = draw(FLOAT, shape);
  const { digest, manifest, chunks } = await compileGraph(
    kernels,
    readOnnx(encodeModel({ opset: 18, ...model })),
    "none",
    [],
    [],
  );
  const openChunk = async (index: number) => new Blob([chunks[index]! as Uint8Array<ArrayBuffer>]).stream();
  const { outputs } = await runBoth(model, { [name]: data });
  for (const isa of ["scalar", "simd128"] as const) {
    const loaded = await loadModel({ kernels, isa, manifest, model: digest, openChunk });
    const [output] = loaded.execute([{ dtype: "f32", shape, data: bytesOf(data) }]);
    assert.deepEqual(output!.data, bytesOf(outputs[0]!.wanted));
  }
});

/** The same, and a layer in f32 beside it. */
function createMixedModel(): RivalModel {
  const net = new ModelBuilder();
  const x = net.input(FLOAT, 4, 32);
  const a = net.through(x, UINT8, { scale: 0.03, zeroPoint: 128 });
  const w = net.dequantize(net.constant(INT8, [32, 6]), INT8, { scale: 0.004, zeroPoint: 0 });
  const y = net.through(net.one("MatMul", [a, w]), UINT8, { scale: 0.02, zeroPoint: 130 });
  return net.model(y, net.one("MatMul", [x, net.constant(FLOAT, [32, 6])]));
}

for (const quantization of ["static", "dynamic"] as const) {
  test(`${quantization} quantization takes what is in f32 and keeps the bytes of what arrives quantized`, async () => {
    const model = createMixedModel();
    const [{ name, shape }] = model.inputs as [(typeof model.inputs)[0]];
    const feed = new Map([
      [name, { dtype: "f32", shape, data: draw(FLOAT, shape) as Float32Array } as const],
    ]);
    const graph = readOnnx(encodeModel({ opset: 18, ...model }));
    const [given, real] = await run("none");
    const [same, layer] = await run(quantization);
    assert.deepEqual(same, given);
    assert.notDeepEqual(layer, real);

    async function run(way: Quantization): Promise<Uint8Array[]> {
      const runner = new Runner(kernels, "simd128", await compileGraph(kernels, graph, way, [], [feed]));
      return runner.run(feed, 0xff);
    }
  });
}
