// Bytes and what they stand for: quantization, integer products, and operators on quantized tensors.
import { createConstant } from "../../../models/constant.ts";
import type { DataType } from "../../../models/graph.ts";
import type { Sketch } from "../sketch.ts";
import { count, exactly, type FuzzValue, isFixed, magnitude, roughly, type Shapes } from "../value.ts";
import { broadcast, int, like, partner, type RuleTable, replaced } from "./rule.ts";
import { anyWindow, attributesOf, image, slide } from "./window.ts";

const BYTES: readonly DataType[] = ["u8", "i8"];
const limits = (dtype: DataType): readonly [number, number] => (dtype === "u8" ? [0, 255] : [-128, 127]);

function bytes(
  sketch: Sketch,
  dtype: DataType,
  shape: readonly number[],
  within: readonly [number, number],
): FuzzValue {
  const constant = createConstant(dtype, shape);
  for (let at = 0; at < constant.data.length; at++) constant.data[at] = sketch.integer(...within);
  const value = sketch.constant(constant, { low: within[0], high: within[1], grain: 0, error: 0 });
  sketch.values.pop();
  return value;
}

const zeroPoint = (sketch: Sketch, dtype: DataType, shape: readonly number[] = []) =>
  bytes(sketch, dtype, shape, dtype === "u8" ? [0, 9] : [-5, 5]);

/** A power of two, so that what is divided by it is exact and what is in the middle is so to both sides. */
const dyadicScale = (sketch: Sketch) => 2 ** sketch.integer(-2, 1);

function quantizeLinear(sketch: Sketch): void {
  const value = sketch.take({ exact: true, ranks: [1, 4] });
  const dtype = sketch.pick(BYTES);
  const rank = value.shapes[0].length;
  const axis = sketch.integer(0, rank - 1);
  const isByAxis = isFixed(value, axis) && sketch.chance(0.4);
  const size = value.shapes[0][axis]!;
  const scale = isByAxis
    ? sketch.vector(Array.from({ length: size }, () => dyadicScale(sketch)))
    : sketch.scalar(dyadicScale(sketch));
  const zero = zeroPoint(sketch, dtype, isByAxis ? [size] : []);
  const [low, high] = limits(dtype);
  sketch.emit("QuantizeLinear", [value, scale, zero], isByAxis ? { axis: int(axis) } : {}, [
    { dtype, shapes: value.shapes, low, high, grain: 0, error: 0 },
  ]);
}

function dequantizeLinear(sketch: Sketch): void {
  const value = sketch.take({ dtypes: BYTES });
  const scale = dyadicScale(sketch);
  const zero = zeroPoint(sketch, value.dtype);
  const [low, high] = [(value.low - 9) * scale, (value.high + 9) * scale];
  sketch.emit("DequantizeLinear", [value, sketch.scalar(scale), zero], {}, [
    { ...like(value, exactly(low, high, 2)), dtype: "f32" },
  ]);
}

/** Its scale and zero point are the range's, so only what is made of them again is compared: within a step. */
function dynamicQuantizeLinear(sketch: Sketch): void {
  const value = sketch.take({ ranks: [1, 4], within: [-1e3, 1e3] });
  const step = (2 * magnitude(value)) / 255 + value.error;
  const scalar: Shapes = [[], []];
  const [q, scale, zero] = sketch.emit("DynamicQuantizeLinear", [value], {}, [
    { dtype: "u8", shapes: value.shapes, low: 0, high: 255, grain: null, error: 2 },
    { dtype: "f32", shapes: scalar, ...roughly(0, step, value.error) },
    { dtype: "u8", shapes: scalar, low: 0, high: 255, grain: null, error: 2 },
  ]);
  sketch.emit("DequantizeLinear", [q!, scale!, zero!], {}, [
    like(value, roughly(-magnitude(value) * 2, magnitude(value) * 2, 3 * step)),
  ]);
}

/** Bytes with a last axis that no request decides. */
const rows = (sketch: Sketch) =>
  sketch.take({ dtypes: BYTES, ranks: [2, 3], where: (value) => isFixed(value, value.shapes[0].length - 1) });

function matmulInteger(sketch: Sketch): void {
  const a = rows(sketch);
  const last = a.shapes[0].length - 1;
  const [depth, columns] = [a.shapes[0][last]!, sketch.integer(1, 20)];
  const weights = sketch.pick(BYTES);
  const b = bytes(sketch, weights, [depth, columns], limits(weights));
  const zeros = sketch.chance(0.6) ? [zeroPoint(sketch, a.dtype), zeroPoint(sketch, weights)] : [];
  const shapes: Shapes = [replaced(a.shapes[0], last, columns), replaced(a.shapes[1], last, columns)];
  const most = depth * 265 * 265;
  sketch.emit("MatMulInteger", [a, b, ...zeros], {}, [
    { dtype: "i32", shapes, low: -most, high: most, grain: 0, error: 0 },
  ]);
}

/** Both sides compute round(sum · (scale · scale / scale)) in one order. */
function qlinearMatmul(sketch: Sketch): void {
  const a = rows(sketch);
  const last = a.shapes[0].length - 1;
  const [depth, columns] = [a.shapes[0][last]!, sketch.integer(1, 20)];
  const b = bytes(sketch, a.dtype, [depth, columns], limits(a.dtype));
  const shapes: Shapes = [replaced(a.shapes[0], last, columns), replaced(a.shapes[1], last, columns)];
  const scale = () => sketch.scalar(Math.fround(sketch.random.real(0.01, 0.1)));
  const zero = () => zeroPoint(sketch, a.dtype);
  const [low, high] = limits(a.dtype);
  const inputs = [a, scale(), zero(), b, scale(), zero(), scale(), zero()];
  sketch.emit("QLinearMatMul", inputs, {}, [{ dtype: a.dtype, shapes, low, high, grain: 0, error: 0 }]);
}

function byteImage(sketch: Sketch): FuzzValue {
  const real = image(sketch, [2], [-1e3, 1e3], true);
  const dtype = sketch.pick(BYTES);
  const [low, high] = limits(dtype);
  const inputs = [real, sketch.scalar(dyadicScale(sketch)), zeroPoint(sketch, dtype)];
  return sketch.emit("QuantizeLinear", inputs, {}, [
    { ...like(real), dtype, low, high, grain: 0, error: 0 },
  ])[0]!;
}

function convInteger(sketch: Sketch): void {
  const x = byteImage(sketch);
  // What the peer pads with where x has a zero point is 0 in some versions: ONNX does not say.
  const window = { ...anyWindow(sketch, x, { padded: false }), auto: "NOTSET" };
  const [channels, outputs] = [x.shapes[0][1]!, sketch.integer(1, 9)];
  const weights = sketch.pick(BYTES);
  const w = bytes(sketch, weights, [outputs, channels, ...window.kernel], limits(weights));
  const zeros = sketch.chance(0.6) ? [zeroPoint(sketch, x.dtype), zeroPoint(sketch, weights)] : [];
  const most = channels * count(window.kernel) * 265 * 265;
  sketch.emit("ConvInteger", [x, w, ...zeros], attributesOf(window), [
    { dtype: "i32", shapes: slide(x, window, outputs), low: -most, high: most, grain: 0, error: 0 },
  ]);
}

function qlinearConv(sketch: Sketch): void {
  const x = byteImage(sketch);
  const window = { ...anyWindow(sketch, x), auto: "NOTSET" };
  const channels = x.shapes[0][1]!;
  const isDepthwise = sketch.chance(0.4);
  const outputs = isDepthwise ? channels : sketch.integer(1, 9);
  const w = bytes(sketch, "i8", [outputs, isDepthwise ? 1 : channels, ...window.kernel], [-127, 127]);
  const isByChannel = sketch.chance(0.5);
  const real = () => Math.fround(sketch.random.real(0.01, 0.1));
  const weightScale = isByChannel
    ? sketch.vector(Array.from({ length: outputs }, real))
    : sketch.scalar(real());
  const weightZero = bytes(sketch, "i8", isByChannel ? [outputs] : [], [0, 0]);
  const bias = sketch.chance(0.5) ? [biasOf(sketch, outputs)] : [];
  const zero = () => zeroPoint(sketch, x.dtype);
  const [low, high] = limits(x.dtype);
  const inputs = [
    ...[x, sketch.scalar(real()), zero(), w, weightScale, weightZero],
    ...[sketch.scalar(real()), zero(), ...bias],
  ];
  sketch.emit("QLinearConv", inputs, { ...attributesOf(window), group: int(isDepthwise ? channels : 1) }, [
    { dtype: x.dtype, shapes: slide(x, window, outputs), low, high, grain: 0, error: 0 },
  ]);
}

function biasOf(sketch: Sketch, outputs: number): FuzzValue {
  return sketch.integers(
    Array.from({ length: outputs }, () => sketch.integer(-500, 500)),
    "i32",
  );
}

/** In floats: what lies in the middle between two bytes may be rounded to either. */
function qlinearBinary(op: "QLinearAdd" | "QLinearMul") {
  return (sketch: Sketch): void => {
    const a = sketch.take({ dtypes: BYTES, ranks: [1, 4] });
    const b = partner(sketch, a);
    const scale = () => sketch.scalar(Math.fround(sketch.random.real(0.01, 0.1)));
    const zero = () => zeroPoint(sketch, a.dtype);
    const [low, high] = limits(a.dtype);
    const inputs = [a, scale(), zero(), b, scale(), zero(), scale(), zero()];
    sketch.emit(
      op,
      inputs,
      {},
      [{ dtype: a.dtype, shapes: broadcast(a, b), low, high, grain: null, error: 1 }],
      "com.microsoft",
    );
  };
}

export const QUANTIZED: RuleTable = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  MatMulInteger: matmulInteger,
  QLinearMatMul: qlinearMatmul,
  ConvInteger: convInteger,
  QLinearConv: qlinearConv,
  QLinearAdd: qlinearBinary("QLinearAdd"),
  QLinearMul: qlinearBinary("QLinearMul"),
};
