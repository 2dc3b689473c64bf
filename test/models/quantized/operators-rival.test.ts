// Operators on quantized tensors, from ONNX to output, against onnxruntime-web.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AttributeSpec, FLOAT, type TensorSpec } from "../import/encode-onnx.ts";
import {
  assertSameBytes,
  byte,
  draw,
  drawn,
  INT8,
  INT32,
  lowest,
  type RivalModel,
  scale,
  type Type,
  tensor,
  UINT8,
} from "./rival.ts";

type Attributes = Readonly<Record<string, AttributeSpec>>;

const int = (value: number): AttributeSpec => ({ int: value });
const ints = (...values: number[]): AttributeSpec => ({ ints: values });
const NAMES = new Map<Type, string>([
  [UINT8, "u8"],
  [INT8, "i8"],
]);
const scales = (name: string, ...dims: number[]): TensorSpec =>
  tensor(name, FLOAT, dims, Array.from({ length: dims[0] ?? 1 }, scale));
const zeroPoint = (name: string, type: Type, ...dims: number[]): TensorSpec =>
  tensor(
    name,
    type,
    dims,
    Array.from({ length: dims[0] ?? 1 }, () => byte(type)),
  );

/** One node of x, and maybe of another input behind it. */
function model(
  op: string,
  x: { readonly type: Type; readonly shape: readonly number[] },
  inputs: readonly string[],
  initializers: readonly TensorSpec[],
  attributes: Attributes = {},
  domain = "",
  outputs: readonly string[] = ["y"],
): RivalModel {
  const used = initializers.filter(({ name }) => inputs.includes(name!));
  const node = { op, domain, inputs, outputs, attributes };
  return { inputs: [{ name: "x", ...x }], initializers: used, nodes: [node], outputs };
}

interface ConvCase {
  readonly title: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attributes?: Attributes;
}

const CONVOLUTIONS: readonly ConvCase[] = [
  {
    title: "3×3, strided",
    x: [2, 5, 7, 9],
    w: [6, 5, 3, 3],
    attributes: { pads: ints(1, 0, 1, 2), strides: ints(2, 1) },
  },
  { title: "1×1", x: [1, 16, 5, 5], w: [12, 16, 1, 1] },
  {
    title: "2 groups",
    x: [1, 6, 7, 7],
    w: [4, 3, 3, 3],
    attributes: { group: int(2), pads: ints(1, 1, 1, 1) },
  },
  {
    title: "depthwise",
    x: [2, 9, 8, 8],
    w: [9, 1, 3, 3],
    attributes: { group: int(9), pads: ints(1, 1, 1, 1) },
  },
  {
    title: "two filters a channel",
    x: [1, 4, 8, 8],
    w: [8, 1, 3, 3],
    attributes: { group: int(4), pads: ints(1, 1, 1, 1) },
  },
  {
    title: "depthwise and dilated",
    x: [1, 8, 9, 9],
    w: [8, 1, 3, 3],
    attributes: { group: int(8), dilations: ints(2, 2), pads: ints(2, 2, 2, 2) },
  },
  {
    title: "dilated",
    x: [1, 4, 9, 9],
    w: [8, 4, 3, 3],
    attributes: { dilations: ints(2, 3), pads: ints(2, 3, 2, 3) },
  },
  { title: "one axis", x: [2, 4, 11], w: [3, 4, 3], attributes: { pads: ints(1, 2), strides: ints(2) } },
  {
    title: "SAME_UPPER",
    x: [1, 4, 8, 8],
    w: [3, 4, 3, 3],
    attributes: { auto_pad: { text: "SAME_UPPER" }, strides: ints(2, 2) },
  },
];

/** onnxruntime takes int8 activations with int8 weights only. */
const TYPES: readonly (readonly [Type, Type])[] = [
  [UINT8, UINT8],
  [UINT8, INT8],
  [INT8, INT8],
];

for (const [xType, wType] of TYPES) {
  const title = `${NAMES.get(xType)} × ${NAMES.get(wType)}`;
  for (const { title: name, x, w, attributes } of CONVOLUTIONS) {
    test(`QLinearConv and ConvInteger, ${title}, ${name}: the same bytes`, async () => {
      const outputs = w[0]!;
      const middle = lowest(wType) + 128;
      for (const each of [[], [outputs]]) {
        const initializers = [
          scales("xs"),
          zeroPoint("xz", xType),
          drawn("w", wType, ...w),
          scales("ws", ...each),
          // By channel, the zero point of weights is the same everywhere; the middle one packs, others do not.
          tensor(
            "wz",
            wType,
            each,
            Array.from({ length: each[0] ?? 1 }, () => middle),
          ),
          zeroPoint("odd", wType),
          tensor("ys", FLOAT, [], [scale() * 400]),
          zeroPoint("yz", xType),
          drawn("b", INT32, outputs),
        ];
        const given = { type: xType, shape: x };
        for (const zero of each.length === 0 ? ["wz", "odd"] : ["wz"]) {
          for (const bias of [[], ["b"]]) {
            const inputs = ["x", "xs", "xz", "w", "ws", zero, "ys", "yz", ...bias];
            await assertSameBytes(model("QLinearConv", given, inputs, initializers, attributes));
          }
          if (each.length > 0) continue;
          await assertSameBytes(
            model("ConvInteger", given, ["x", "w", "xz", zero], initializers, attributes),
          );
        }
      }
    });
  }
}

const PRODUCTS = [
  { title: "matrices", a: [5, 33], b: [33, 19] },
  { title: "batches", a: [2, 3, 5, 7], b: [7, 9] },
  { title: "a vector", a: [7], b: [7, 9] },
  { title: "batches on both sides", a: [2, 5, 7], b: [2, 7, 3] },
  { title: "blocks of rows", a: [70, 64], b: [64, 40] },
];

for (const [aType, bType] of TYPES) {
  for (const { title, a, b } of PRODUCTS) {
    test(`products of ${title}, ${NAMES.get(aType)} × ${NAMES.get(bType)}: the same bytes`, async () => {
      const columns = b.at(-1)!;
      for (const each of b.length === 2 ? [[], [columns]] : [[]]) {
        for (const isComputed of [false, true]) {
          const initializers = [
            scales("as"),
            zeroPoint("az", aType),
            scales("bs", ...each),
            zeroPoint("bz", bType, ...each),
            tensor("ys", FLOAT, [], [scale() * 300]),
            zeroPoint("yz", aType),
            drawn("bias", FLOAT, columns),
            ...(isComputed ? [] : [drawn("b", bType, ...b)]),
          ];
          const check = async (op: string, inputs: string[], domain = "", type = aType) => {
            const { inputs: first, ...rest } = model(
              op,
              { type, shape: a },
              inputs,
              initializers,
              {},
              domain,
            );
            const second = isComputed ? [{ name: "b", type: bType, shape: b }] : [];
            await assertSameBytes({ ...rest, inputs: [...first, ...second] });
          };
          await check("QLinearMatMul", ["x", "as", "az", "b", "bs", "bz", "ys", "yz"]);
          await check("MatMulInteger", ["x", "b", "az", "bz"]);
          await check("MatMulInteger", ["x", "b"]);
          if (a.length === 1) continue;
          await check("MatMulIntegerToFloat", ["x", "b", "as", "bs", "az", "bz", "bias"], "com.microsoft");
          await check("DynamicQuantizeMatMul", ["x", "b", "bs", "bz", "bias"], "com.microsoft", FLOAT);
        }
      }
    });
  }

  test(`QGemm, ${NAMES.get(aType)} × ${NAMES.get(bType)}: the same bytes, also as f32`, async () => {
    for (const transB of [0, 1]) {
      for (const each of [[], [9]]) {
        const initializers = [
          ...[scales("as"), zeroPoint("az", aType), scales("bs", ...each), zeroPoint("bz", bType, ...each)],
          ...[tensor("ys", FLOAT, [], [scale() * 300]), zeroPoint("yz", aType), drawn("c", INT32, 9)],
          drawn("b", bType, ...(transB === 1 ? [9, 33] : [33, 9])),
        ];
        for (const c of ["", "c"]) {
          for (const output of [[], ["ys", "yz"]]) {
            const inputs = ["x", "as", "az", "b", "bs", "bz", c, ...output];
            const attributes = { transB: int(transB), alpha: { float: 0.7 } };
            const x = { type: aType, shape: [5, 33] };
            await assertSameBytes(model("QGemm", x, inputs, initializers, attributes, "com.microsoft"));
          }
        }
      }
    }
  });
}

const every = (type: Type): Int8Array | Uint8Array => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  return type === UINT8 ? bytes : new Int8Array(bytes.buffer);
};

for (const type of [UINT8, INT8] as const) {
  const quantization = [scales("xs"), zeroPoint("xz", type), scales("ys"), zeroPoint("yz", type)];
  for (const op of ["QLinearAdd", "QLinearMul"]) {
    test(`${op} of ${NAMES.get(type)}: the same bytes for every pair of bytes and for each repetition`, async () => {
      const check = async (a: readonly number[], b: readonly number[], feeds = {}) => {
        await assertSameBytes(
          {
            inputs: [
              { name: "a", type, shape: a },
              { name: "b", type, shape: b },
            ],
            initializers: [
              ...[scales("as"), zeroPoint("az", type), scales("bs"), zeroPoint("bz", type)],
              ...[tensor("ys", FLOAT, [], [scale() * (op === "QLinearMul" ? 60 : 1)]), zeroPoint("yz", type)],
            ],
            nodes: [
              {
                op,
                domain: "com.microsoft",
                inputs: ["a", "as", "az", "b", "bs", "bz", "ys", "yz"],
                outputs: ["y"],
              },
            ],
            outputs: ["y"],
          },
          feeds,
        );
      };
      for (let round = 0; round < 12; round++)
        await check([256, 1], [1, 256], { a: every(type), b: every(type) });
      await check([2, 3, 4, 5], [2, 3, 4, 5]);
      await check([2, 3, 4, 5], [3, 1, 1]);
      await check([7], [3, 7]);
      await check([2, 3, 4, 5], []);
    });
  }

  test(`pools, activations and concatenations of ${NAMES.get(type)}: the same bytes`, async () => {
    const inputs = ["x", "xs", "xz", "ys", "yz"];
    const x = { type, shape: [2, 5, 6, 7] };
    const window = { kernel_shape: ints(3, 2), pads: ints(1, 0, 1, 1), strides: ints(2, 1) };
    for (const last of [0, 1]) {
      const channels_last = int(last);
      const cases: [string, Attributes][] = [
        ["QLinearGlobalAveragePool", { channels_last }],
        ["QLinearAveragePool", { channels_last, ...window }],
        ["QLinearAveragePool", { channels_last, ...window, count_include_pad: int(1) }],
      ];
      for (const [op, attributes] of cases) {
        await assertSameBytes(model(op, x, inputs, quantization, attributes, "com.microsoft"));
      }
    }
    const alpha = { alpha: { float: 0.1 } };
    for (let round = 0; round < 20; round++) {
      const fresh = [scales("xs"), zeroPoint("xz", type), scales("ys"), zeroPoint("yz", type)];
      const flat = { type, shape: [256] };
      const leaky = model("QLinearLeakyRelu", flat, inputs, fresh, alpha, "com.microsoft");
      await assertSameBytes(leaky, { x: every(type) });
      const sigmoid = model("QLinearSigmoid", flat, inputs, fresh, {}, "com.microsoft");
      await assertSameBytes(sigmoid, { x: every(type) });
      const pixels = { type, shape: [1, 40, 2, 1 + (round % 6)] };
      await assertSameBytes(model("QLinearGlobalAveragePool", pixels, inputs, fresh, {}, "com.microsoft"));
      const joined = ["ys", "yz", "x", "xs", "xz", "x", "ys", "yz"];
      const concat = model("QLinearConcat", flat, joined, fresh, { axis: int(0) }, "com.microsoft");
      await assertSameBytes(concat, { x: every(type) });
    }
  });

  test(`QuantizeLinear and DequantizeLinear of ${NAMES.get(type)}: the same bytes, by tensor and by each axis`, async () => {
    const shape = [4, 5, 6];
    // Ties, saturation, denormal numbers and both zeros.
    const special = draw(FLOAT, shape);
    special.set([-0, 0, 3e38, -3e38, 1e-40, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    for (let at = 10; at < 60; at++) special[at] = (at - 35) / 4;
    for (const axis of [null, 0, 1, -1]) {
      const each = axis === null ? [] : [shape.at(axis)!];
      const initializers = [scales("s", ...each), zeroPoint("z", type, ...each)];
      const attributes = axis === null ? {} : { axis: int(axis) };
      for (const x of [special, draw(FLOAT, shape)]) {
        const given = { type: FLOAT, shape } as const;
        await assertSameBytes(model("QuantizeLinear", given, ["x", "s", "z"], initializers, attributes), {
          x,
        });
      }
      await assertSameBytes(
        model("DequantizeLinear", { type, shape }, ["x", "s", "z"], initializers, attributes),
      );
    }
  });
}

test("DequantizeLinear of i32, and QuantizeLinear without a zero point: the same bytes", async () => {
  const shape = [4, 5];
  await assertSameBytes(model("DequantizeLinear", { type: INT32, shape }, ["x", "s"], [scales("s")]));
  await assertSameBytes(model("QuantizeLinear", { type: FLOAT, shape }, ["x", "s"], [scales("s")]));
});

test("DynamicQuantizeLinear: the same bytes, scale and zero point for each kind of range", async () => {
  const reals = () => draw(FLOAT, [120]) as Float32Array;
  const ranges: Float32Array[] = [
    reals(),
    new Float32Array(120),
    new Float32Array(120).fill(-0),
    reals().map(Math.abs),
    reals().map((value) => -Math.abs(value)),
    reals().map((value) => value * 1e-39),
    reals().map((value) => value * 8e37),
    Float32Array.from({ length: 120 }, (_, index) => [-100, 155][index] ?? (index - 60) / 2),
  ];
  const outputs = ["y", "s", "z"];
  for (const x of ranges) {
    const given = { type: FLOAT, shape: [4, 5, 6] } as const;
    await assertSameBytes(model("DynamicQuantizeLinear", given, ["x"], [], {}, "", outputs), { x });
  }
});

test("a depthwise convolution of many channels whose weights do not pack is a few operations", async () => {
  const initializers = [
    ...[scales("xs"), zeroPoint("xz", UINT8), drawn("w", UINT8, 96, 1, 5, 5), scales("ws")],
    ...[tensor("wz", UINT8, [], [131]), tensor("ys", FLOAT, [], [scale() * 400]), zeroPoint("yz", UINT8)],
    drawn("b", INT32, 96),
  ];
  const attributes = { group: int(96), pads: ints(2, 2, 2, 2) };
  const x = { type: UINT8, shape: [1, 96, 12, 12] } as const;
  const qlinear = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"];
  for (const [op, inputs] of [
    ["ConvInteger", ["x", "w", "xz", "wz"]],
    ["QLinearConv", qlinear],
  ] as const) {
    const kinds = await assertSameBytes(model(op, x, inputs, initializers, attributes));
    assert.ok(kinds.has("dwconv") && !kinds.has("concat"));
  }
});
