// If and Loop whose conditions are known, and patterns that exporters write and fusions look for.
import { createConstant } from "../../../models/constant.ts";
import type { GraphSpec } from "../../models/import/encode-onnx.ts";
import { ONNX_TYPES, type Sketch } from "../sketch.ts";
import { BOOL, combine, type FuzzValue, isFixed, magnitude, mapShapes, roughly } from "../value.ts";
import { int, like, type RuleTable } from "./rule.ts";
import { image } from "./window.ts";

function truth(sketch: Sketch, value: boolean): FuzzValue {
  const constant = createConstant("bool", []);
  constant.data[0] = value ? 1 : 0;
  const made = sketch.constant(constant, BOOL);
  sketch.values.pop();
  return made;
}

/** Both branches read a value of the graph around them. */
function branch(sketch: Sketch): void {
  const value = sketch.take({ dtypes: ["f32", "i64"] });
  const name = `b${sketch.nodes.length}`;
  const graph = (op: string, output: string): GraphSpec => ({
    name: output,
    nodes: [{ op, inputs: [value.name], outputs: [output] }],
    outputs: [output],
  });
  const attributes = {
    then_branch: { graph: graph("Neg", `${name}then`) },
    else_branch: { graph: graph("Abs", `${name}else`) },
  };
  const most = magnitude(value);
  sketch.read(value);
  sketch.emit("If", [truth(sketch, sketch.chance(0.5))], attributes, [
    like(value, { ...value, low: -most, high: most }),
  ]);
}

/** state ← state + value, and what the state was at each turn. */
function loop(sketch: Sketch): void {
  const value = sketch.take({ within: [-1e3, 1e3] });
  const turns = sketch.integer(1, 4);
  const name = `l${sketch.nodes.length}`;
  const body: GraphSpec = {
    name,
    inputs: [
      { name: `${name}turn`, type: ONNX_TYPES.i64, shape: [] },
      { name: `${name}on`, type: ONNX_TYPES.bool, shape: [] },
      { name: `${name}state`, type: ONNX_TYPES.f32 },
    ],
    nodes: [
      { op: "Identity", inputs: [`${name}on`], outputs: [`${name}next`] },
      { op: "Add", inputs: [`${name}state`, value.name], outputs: [`${name}sum`] },
      { op: "Identity", inputs: [`${name}sum`], outputs: [`${name}seen`] },
    ],
    outputs: [`${name}next`, `${name}sum`, `${name}seen`],
  };
  const most = magnitude(value) * (turns + 1);
  const range = combine("f32", [value], -most, most, ([grain = 0]) => grain, value.error * (turns + 1));
  const count = sketch.integers([turns], "i64", true);
  sketch.emit("Loop", [count, truth(sketch, true), value], { body: { graph: body } }, [
    like(value, range),
    { ...like(value, range), shapes: mapShapes(value.shapes, (shape) => [turns, ...shape]) },
  ]);
}

/** x · ½ · (1 + erf(x / √2)). */
function gelu(sketch: Sketch): void {
  const x = sketch.take({ within: [-30, 30] });
  const result = like(x, roughly(-1, Math.max(0, x.high) + 1, x.error * 2));
  const rough = like(x, roughly(-40, 40, x.error * 2));
  const [scaled] = sketch.emit("Div", [x, sketch.scalar(Math.SQRT2)], {}, [rough]);
  const [erf] = sketch.emit("Erf", [scaled!], {}, [rough]);
  const [raised] = sketch.emit("Add", [erf!, sketch.scalar(1)], {}, [rough]);
  const [product] = sketch.emit("Mul", [x, raised!], {}, [rough]);
  sketch.emit("Mul", [product!, sketch.scalar(0.5)], {}, [result]);
}

function silu(sketch: Sketch): void {
  const x = sketch.take({ within: [-30, 30] });
  const [gate] = sketch.emit("Sigmoid", [x], {}, [like(x, roughly(0, 1, x.error))]);
  sketch.emit("Mul", sketch.shuffle([x, gate!]), {}, [
    like(x, roughly(-1, Math.max(0, x.high) + 1, x.error * 2)),
  ]);
}

function hardSwish(sketch: Sketch): void {
  const x = sketch.take({ within: [-30, 30] });
  const rough = like(x, roughly(-40, 40, x.error * 2));
  const [raised] = sketch.emit("Add", [x, sketch.scalar(3)], {}, [rough]);
  const [clipped] = sketch.emit("Clip", [raised!, sketch.scalar(0), sketch.scalar(6)], {}, [rough]);
  const [gate] = sketch.emit("Div", [clipped!, sketch.scalar(6)], {}, [rough]);
  sketch.emit("Mul", [x, gate!], {}, [like(x, roughly(-1, Math.max(0, x.high) + 1, x.error * 2))]);
}

/** (x − mean) / √(mean of squares + ε). */
function layerNorm(sketch: Sketch): void {
  sketch.needs(18);
  const x = sketch.take({
    ranks: [2, 4],
    within: [-30, 30],
    where: (value) => isFixed(value, value.shapes[0].length - 1),
  });
  const width = x.shapes[0].at(-1)!;
  const one = mapShapes(x.shapes, (shape) => [...shape.slice(0, -1), 1]);
  const axes = () => sketch.integers([-1]);
  const rough = roughly(-1000, 1000, x.error * 100);
  const [mean] = sketch.emit("ReduceMean", [x, axes()], { keepdims: int(1) }, [
    { ...like(x, rough), shapes: one },
  ]);
  const [centred] = sketch.emit("Sub", [x, mean!], {}, [like(x, rough)]);
  const [square] = sketch.emit("Pow", [centred!, sketch.scalar(2)], {}, [like(x, rough)]);
  const [variance] = sketch.emit("ReduceMean", [square!, axes()], {}, [{ ...like(x, rough), shapes: one }]);
  const [raised] = sketch.emit("Add", [variance!, sketch.scalar(0.125)], {}, [
    { ...like(x, rough), shapes: one },
  ]);
  const [root] = sketch.emit("Sqrt", [raised!], {}, [{ ...like(x, rough), shapes: one }]);
  const most = Math.sqrt(width) + 1;
  sketch.emit("Div", [centred!, root!], {}, [
    like(x, roughly(-most, most, 10 * (x.error + 8e-6 * magnitude(x)), most)),
  ]);
}

/** What is masked weighs nothing; the first of each row never is: of a row of −∞ the peer makes NaN, and we a mean. */
function attentionMask(sketch: Sketch): void {
  const x = sketch.take({
    ranks: [2, 4],
    within: [-30, 30],
    where: (value) => isFixed(value, value.shapes[0].length - 1),
  });
  const width = x.shapes[0].at(-1)!;
  const far = sketch.pick([-1e9, -3.4028234663852886e38, Number.NEGATIVE_INFINITY]);
  const isMasked = Array.from({ length: width }, (_, at) => at > 0 && sketch.chance(0.5));
  const range = { low: far, high: x.high, grain: null, error: 100 };
  const masked = sketch.chance(0.5) ? choose() : add();
  sketch.emit("Softmax", [masked], { axis: int(-1) }, [like(x, roughly(0, 1, 2 * x.error))]);

  function choose(): FuzzValue {
    const constant = createConstant("bool", [width]);
    for (const [at, each] of isMasked.entries()) constant.data[at] = each ? 1 : 0;
    const mask = sketch.constant(constant, BOOL);
    sketch.values.pop();
    return sketch.emit("Where", [mask, sketch.scalar(far), x], {}, [like(x, range)])[0]!;
  }

  function add(): FuzzValue {
    const mask = sketch.vector(isMasked.map((each) => (each ? far : 0)));
    return sketch.emit("Add", sketch.shuffle([x, mask]), {}, [like(x, range)])[0]!;
  }
}

/** Padding that no maximum is taken of. */
function poolOfPadded(sketch: Sketch): void {
  const value = image(sketch, [1, 2]);
  const axes = value.shapes[0].length - 2;
  const each = (size: number) => Array.from({ length: axes }, () => size);
  const padded = mapShapes(value.shapes, ([n, c, ...sizes]) => [n!, c!, ...sizes.map((size) => size + 2)]);
  const pads = sketch.integers([0, 0, ...each(1), 0, 0, ...each(1)]);
  const filler = sketch.scalar(Number.NEGATIVE_INFINITY);
  const [around] = sketch.emit("Pad", [value, pads, filler], {}, [
    { ...like(value, { ...value, low: Number.NEGATIVE_INFINITY, error: 1 }), shapes: padded },
  ]);
  sketch.emit("MaxPool", [around!], { kernel_shape: { ints: each(3) } }, [like(value)]);
}

export const CONTROL: RuleTable = {
  If: branch,
  Loop: loop,
  "Gelu of Erf": gelu,
  Silu: silu,
  "HardSwish of Clip": hardSwish,
  "LayerNormalization of its parts": layerNorm,
  "Softmax behind a mask": attentionMask,
  "MaxPool of what is padded": poolOfPadded,
};
