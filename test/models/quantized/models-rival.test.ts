// Whole small models that arrive quantized, against onnxruntime-web.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FLOAT } from "../import/encode-onnx.ts";
import { ints, ModelBuilder } from "./builder.ts";
import { assertSameBytes, draw, INT8, INT32, type Type, UINT8 } from "./rival.ts";

/** A value that was bytes, in steps of `step`. */
interface Activation {
  readonly name: string;
  readonly step: number;
}

interface Layer {
  readonly channels: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly groups?: number;
  readonly stride?: number;
}

class ConvNet extends ModelBuilder {
  /** To uint8 and back. */
  act(name: string, step: number, zeroPoint: number): Activation {
    return { name: this.through(name, UINT8, { scale: step, zeroPoint }), step };
  }

  /** int8 weights with a scale an output, and a bias in int32. */
  conv(x: Activation, { channels, outputs, kernel, groups = 1, stride = 1 }: Layer): string {
    const shape = [outputs, channels / groups, kernel, kernel];
    const scales = Array.from({ length: outputs }, (_, output) => 0.002 + 0.0003 * (output % 7));
    const w = this.dequantize(this.constant(INT8, shape), INT8, { scale: scales, zeroPoint: 0, axis: 0 });
    const sums = Int32Array.from({ length: outputs }, (_, output) => 900 * (output % 5) - 1500);
    const steps = scales.map((each) => x.step * each);
    const bias = [this.constant(INT32, [outputs], sums), this.constant(FLOAT, [outputs], steps)];
    const b = this.one("DequantizeLinear", bias, { axis: { int: 0 } });
    const pad = (kernel - 1) / 2;
    return this.one("Conv", [x.name, w, b], {
      ...{ pads: ints(pad, pad, pad, pad), strides: ints(stride, stride), group: { int: groups } },
    });
  }

  relu6(value: string): string {
    return this.one("Clip", [value, this.constant(FLOAT, [], [0]), this.constant(FLOAT, [], [6])]);
  }
}

test("a convolutional network between QuantizeLinear and DequantizeLinear: the same bytes, all in integers", async () => {
  const net = new ConvNet();
  const image = net.act(net.input(FLOAT, 1, 3, 33, 32), 8 / 255, 128);
  const stem = net.conv(image, { channels: 3, outputs: 16, kernel: 3, stride: 2 });
  const first = net.act(net.one("Relu", [stem]), 0.05, 0);
  const wide = net.act(net.relu6(net.conv(first, { channels: 16, outputs: 24, kernel: 1 })), 6 / 255, 0);
  const depthwise = net.conv(wide, { channels: 24, outputs: 24, kernel: 3, groups: 24 });
  const narrow = net.conv(net.act(net.relu6(depthwise), 6 / 255, 0), {
    channels: 24,
    outputs: 16,
    kernel: 1,
  });
  const sum = net.act(net.one("Add", [net.act(narrow, 0.02, 121).name, first.name]), 0.06, 80);
  const pooled = net.one("MaxPool", [sum.name], { kernel_shape: ints(3, 3), strides: ints(2, 2) });
  const grouped = net.conv(net.act(pooled, 0.06, 80), { channels: 16, outputs: 20, kernel: 3, groups: 2 });
  const left = net.act(grouped, 0.1, 100);
  const window = { kernel_shape: ints(3, 3), pads: ints(1, 1, 1, 1) };
  const right = net.act(net.one("AveragePool", [left.name], window), 0.07, 99);
  const joined = net.act(net.one("Concat", [left.name, right.name], { axis: { int: 1 } }), 0.09, 101);
  const gate = net.act(net.one("GlobalAveragePool", [joined.name]), 0.03, 90);
  const gated = net.act(net.one("Mul", [joined.name, gate.name]), 0.11, 128);
  const means = net.act(net.one("GlobalAveragePool", [gated.name]), 0.05, 128);
  const flat = net.act(net.one("Flatten", [means.name]), 0.05, 128);
  const weights = net.dequantize(net.constant(INT8, [10, 40]), INT8, { scale: 0.01, zeroPoint: 0 });
  const logits = net.one("Gemm", [flat.name, weights, net.constant(FLOAT, [10])], { transB: { int: 1 } });
  const kinds = await assertSameBytes(net.model(net.act(logits, 0.2, 128).name));
  // Beside the ends, the mean of a window and the concatenation of two scales are what ONNX Runtime computes in f32.
  const floats = ["quantize", "dequantize", "avgpool", "binary"];
  const integers = ["gemm", "conv", "dwconv", "maxpool", "concat", "convert", "transpose", "slice"];
  const quantized = ["matmul_integer", "requantize", "binary_quantized"];
  for (const kind of kinds) assert.ok([...floats, ...integers, ...quantized].includes(kind), kind);
});

for (const [title, type] of [
  ["uint8", UINT8],
  ["int8", INT8],
] as const) {
  for (const each of [false, true]) {
    test(`two layers quantized as they run, weights in ${title}, ${each ? "a scale each" : "one scale"}: the same bits`, async () => {
      for (const rows of [1, 5, 70]) {
        const model = new ModelBuilder();
        const dense = (x: string, inputs: number, outputs: number): string => {
          const [bytes = "", scale = "", zeroPoint = ""] = model.node("DynamicQuantizeLinear", [x], {}, 3);
          const dims = each ? [outputs] : [];
          const steps = Array.from(
            { length: each ? outputs : 1 },
            (_, output) => 0.004 + 0.0007 * (output % 9),
          );
          const middle = (type as Type) === UINT8 ? 131 : 0;
          const points = steps.map(() => middle);
          const operands = [
            bytes,
            model.constant(type, [inputs, outputs]),
            zeroPoint,
            model.constant(type, dims, points),
          ];
          const sums = model.one("Cast", [model.one("MatMulInteger", operands)], { to: { int: FLOAT } });
          const factor = model.one("Mul", [scale, model.constant(FLOAT, dims, steps)]);
          return model.one("Add", [model.one("Mul", [sums, factor]), model.constant(FLOAT, [outputs])]);
        };
        const x = model.input(FLOAT, rows, 64);
        const hidden = model.one("Relu", [dense(x, 64, 48)]);
        const built = model.model(dense(hidden, 48, 10));
        await assertSameBytes(built, { [x]: draw(FLOAT, [rows, 64]) });
      }
    });
  }
}
