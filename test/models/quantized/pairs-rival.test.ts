// Operators between DequantizeLinear and QuantizeLinear: in integers, with the bytes that onnxruntime-web gives.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FLOAT, i64 } from "../import/encode-onnx.ts";
import { ints, ModelBuilder, type Scaling } from "./builder.ts";
import { assertSameBytes, draw, INT8, INT32, lowest, runBoth, scale, UINT8 } from "./rival.ts";

function assertIntegers(kinds: ReadonlySet<string>, ...allowed: string[]): void {
  for (const kind of ["dequantize", "quantize", "unary", "matmul"].filter((each) => !allowed.includes(each)))
    assert.ok(!kinds.has(kind), `${[...kinds]} has ${kind}`);
}

/** onnxruntime-web keeps products of int8 activations in f32; ours are in integers (the last test). */
const WEIGHTS = [
  ["u8", UINT8],
  ["i8", INT8],
] as const;
const times = (values: Float32Array | readonly number[], factor: number): number[] =>
  Array.from(values, (value) => value * factor);

/** A bias in the steps of input times weights. */
function integerBias(
  builder: ModelBuilder,
  count: number,
  input: number,
  weights: number | readonly number[],
): string {
  const steps = (typeof weights === "number" ? [weights] : weights).map((each) =>
    Math.fround(Math.fround(input) * Math.fround(each)),
  );
  const dims = typeof weights === "number" ? [] : [count];
  const inputs = [builder.constant(INT32, [count]), builder.constant(FLOAT, dims, steps)];
  return builder.one("DequantizeLinear", inputs, { axis: { int: 0 } });
}

const scales = (count: number): number[] => Array.from({ length: count }, scale);

for (const [title, type] of WEIGHTS) {
  for (const each of [false, true]) {
    for (const bias of ["none", "int32", "f32"]) {
      test(`Conv of u8 × ${title}, ${each ? "a scale each" : "one scale"}, bias ${bias}: the same bytes`, async () => {
        for (const behind of ["nothing", "Relu", "Clip"]) {
          const builder = new ModelBuilder();
          const [input, weights] = [scale(), each ? scales(6) : scale()];
          const x = builder.dequantize(builder.input(UINT8, 2, 4, 20, 9), UINT8, { scale: input });
          const scaling: Scaling = {
            scale: weights,
            zeroPoint: lowest(type) + 128,
            ...(each ? { axis: 0 } : {}),
          };
          const w = builder.dequantize(builder.constant(type, [6, 4, 3, 3]), type, scaling);
          const inputs = [x, w];
          if (bias === "int32") inputs.push(integerBias(builder, 6, input, weights));
          if (bias === "f32")
            inputs.push(builder.constant(FLOAT, [6], times(draw(FLOAT, [6]) as Float32Array, 50)));
          let y = builder.one("Conv", inputs, { pads: ints(1, 1, 1, 1) });
          const step = scale() * 60;
          if (behind === "Relu") y = builder.one("Relu", [y]);
          if (behind === "Clip") {
            const bounds = [builder.constant(FLOAT, [], [0]), builder.constant(FLOAT, [], [step * 256])];
            y = builder.one("Clip", [y, ...bounds]);
          }
          const isFolded = behind === "Relu" || behind === "Clip";
          const q = builder.quantize(y, UINT8, {
            scale: step,
            ...(isFolded ? { zeroPoint: 0 } : { zeroPoint: 77 }),
          });
          const kinds = await assertSameBytes(builder.model(q));
          assertIntegers(kinds);
        }
      });
    }
  }

  test(`MatMul and Gemm of u8 × ${title}: the same bytes, with each kind of bias, and where the result stays f32`, async () => {
    for (const each of [false, true]) {
      const weights = (): Scaling => (each ? { scale: scales(40), axis: 1 } : {});
      const products: [string, (builder: ModelBuilder) => string][] = [
        [
          "matrices",
          (b) =>
            b.one("MatMul", [
              b.dequantize(b.input(UINT8, 60, 13), UINT8),
              b.dequantize(b.constant(type, [13, 40]), type, weights()),
            ]),
        ],
        [
          "batches",
          (b) =>
            b.one("MatMul", [
              b.dequantize(b.input(UINT8, 2, 30, 13), UINT8),
              b.dequantize(b.constant(type, [13, 40]), type, weights()),
            ]),
        ],
        [
          "turned weights",
          (b) => {
            const turned = b.dequantize(
              b.constant(type, [40, 13]),
              type,
              each ? { ...weights(), axis: 0 } : {},
            );
            return b.one("MatMul", [
              b.dequantize(b.input(UINT8, 60, 13), UINT8),
              b.one("Transpose", [turned], { perm: ints(1, 0) }),
            ]);
          },
        ],
        [
          "two activations",
          (b) =>
            b.one("MatMul", [
              b.dequantize(b.input(UINT8, 2, 30, 13), UINT8),
              b.dequantize(b.input(type, 2, 13, 40), type),
            ]),
        ],
        [
          "Gemm",
          (b) =>
            b.one("Gemm", [
              b.dequantize(b.input(UINT8, 60, 13), UINT8),
              b.dequantize(b.constant(type, [13, 40]), type, weights()),
            ]),
        ],
      ];
      for (const [name, product] of products) {
        for (const end of ["f32", "bytes", "bias"]) {
          const builder = new ModelBuilder();
          let y = product(builder);
          if (end === "bias")
            y = builder.one("Add", [
              y,
              builder.constant(FLOAT, [40], times(draw(FLOAT, [40]) as Float32Array, 9)),
            ]);
          if (end !== "f32") y = builder.quantize(y, UINT8, { scale: scale() * 30 });
          if (end === "bias" && name === "Gemm") continue;
          const kinds = await assertSameBytes(builder.model(y));
          // A bias behind matrices on both sides is no part of the product.
          assertIntegers(kinds, ...(end === "bias" ? ["quantize"] : []));
        }
      }
      for (const ends of ["f32", "bytes"]) {
        const builder = new ModelBuilder();
        const [input, step] = [scale(), scale()];
        const y = builder.one(
          "Gemm",
          [
            builder.dequantize(builder.input(UINT8, 60, 13), UINT8, { scale: input }),
            builder.dequantize(builder.constant(type, [13, 40]), type, { scale: step }),
            integerBias(builder, 40, input, step),
          ],
          { alpha: { float: 0.5 } },
        );
        const { kinds } = await runBoth(
          builder.model(ends === "f32" ? y : builder.quantize(y, UINT8, { scale: scale() * 30 })),
        );
        assert.ok(kinds.has("dequantize"), `alpha would scale the bias too: ${[...kinds]}`);
      }
      for (const transB of [0, 1]) {
        for (const bias of ["int32", "f32"]) {
          const builder = new ModelBuilder();
          const [input, step] = [scale(), each ? scales(40) : scale()];
          const scaling: Scaling = { scale: step, ...(each ? { axis: 1 - transB } : {}) };
          const a = builder.dequantize(builder.input(UINT8, 60, 13), UINT8, { scale: input });
          const b = builder.dequantize(
            builder.constant(type, transB === 1 ? [40, 13] : [13, 40]),
            type,
            scaling,
          );
          const c =
            bias === "int32"
              ? integerBias(builder, 40, input, step)
              : builder.constant(FLOAT, [40], times(draw(FLOAT, [40]) as Float32Array, 9));
          const y = builder.one("Gemm", [a, b, c], { transB: { int: transB } });
          assertIntegers(
            await assertSameBytes(builder.model(builder.quantize(y, UINT8, { scale: scale() * 30 }))),
          );
        }
      }
    }
  });
}

test("Conv whose weights are quantized where the model is loaded: the same bytes", async () => {
  for (const quantized of [false, true]) {
    const builder = new ModelBuilder();
    const x = builder.through(builder.input(FLOAT, 2, 4, 9, 9), UINT8, { scale: 0.04, zeroPoint: 99 });
    const given = builder.constant(FLOAT, [6, 4, 3, 3]);
    const w = quantized ? builder.through(given, INT8, { scale: 0.05, zeroPoint: 0 }) : given;
    const y = builder.one("Conv", [x, w, builder.constant(FLOAT, [6])]);
    await assertSameBytes(builder.model(builder.quantize(y, UINT8, { scale: 0.3, zeroPoint: 128 })));
  }
});

for (const type of [UINT8, INT8] as const) {
  const title = type === UINT8 ? "u8" : "i8";
  test(`sums, products, pools, activations and concatenations of ${title}: the same bytes`, async () => {
    const pair = (builder: ModelBuilder, ...shape: number[]) =>
      builder.dequantize(builder.input(type, ...shape), type);
    const cases: [string, (builder: ModelBuilder) => string, number?][] = [
      ["Add", (b) => b.one("Add", [pair(b, 40, 1, 50), pair(b, 50, 50)])],
      ["Mul", (b) => b.one("Mul", [pair(b, 40, 1, 50), pair(b, 50, 50)]), 60],
      ["Add, Relu", (b) => b.one("Relu", [b.one("Add", [pair(b, 9, 50), pair(b, 9, 50)])])],
      [
        "Add of a constant",
        (b) => b.one("Add", [pair(b, 9, 50), b.dequantize(b.constant(type, [50]), type)]),
      ],
      ["GlobalAveragePool", (b) => b.one("GlobalAveragePool", [pair(b, 1, 600, 2, 3)])],
      [
        "AveragePool",
        (b) =>
          b.one("AveragePool", [pair(b, 1, 20, 20, 20)], {
            kernel_shape: ints(3, 2),
            pads: ints(1, 1, 1, 1),
          }),
      ],
      ["LeakyRelu", (b) => b.one("LeakyRelu", [pair(b, 2000)], { alpha: { float: 0.1 } })],
      ["Concat", (b) => b.one("Concat", [pair(b, 20, 40), pair(b, 20, 7)], { axis: { int: 1 } })],
    ];
    for (const [name, write, factor = 1] of cases) {
      for (let round = 0; round < 4; round++) {
        const builder = new ModelBuilder();
        const y = write(builder);
        const scaling = {
          scale: scale() * factor,
          ...(name === "Add, Relu" ? { zeroPoint: lowest(type) } : {}),
        };
        await assertSameBytes(builder.model(builder.quantize(y, type, scaling)));
      }
    }
  });

  test(`what moves bytes of ${title} moves them as they are`, async () => {
    const numbers = (builder: ModelBuilder, ...values: number[]) =>
      builder.add(i64("", [values.length], values));
    const moves: [string, (builder: ModelBuilder, x: string) => string][] = [
      ["MaxPool", (b, x) => b.one("MaxPool", [x], { kernel_shape: ints(3, 2), pads: ints(1, 1, 1, 1) })],
      [
        "Reshape, Transpose",
        (b, x) => b.one("Transpose", [b.one("Reshape", [x, numbers(b, 10, 20)])], { perm: ints(1, 0) }),
      ],
      ["Slice", (b, x) => b.one("Slice", [x, numbers(b, 1), numbers(b, 4), numbers(b, 1)])],
      ["Flatten", (b, x) => b.one("Flatten", [x])],
    ];
    for (const [, move] of moves) {
      const builder = new ModelBuilder();
      const scaling = { scale: scale(), zeroPoint: lowest(type) + 7 };
      const moved = move(builder, builder.dequantize(builder.input(type, 2, 5, 5, 4), type, scaling));
      assertIntegers(await assertSameBytes(builder.model(builder.quantize(moved, type, scaling))));
    }
  });
}

test("an f32 bias between two steps becomes the even one: the same bytes", async () => {
  const builder = new ModelBuilder();
  const x = builder.dequantize(builder.input(UINT8, 1, 1, 4, 4), UINT8, { scale: 0.5 });
  const w = builder.dequantize(builder.constant(INT8, [40, 1, 1, 1]), INT8, { scale: 0.5, zeroPoint: 0 });
  const halves = Array.from({ length: 40 }, (_, index) => (index - 20) * 0.125);
  const y = builder.one("Conv", [x, w, builder.constant(FLOAT, [40], halves)]);
  // An output step of 5/4 of the bias', so that neither its rounding nor ties hide one step.
  const model = builder.model(builder.quantize(y, UINT8, { scale: 0.3125, zeroPoint: 128 }));
  assertIntegers(await assertSameBytes(model, { v0: new Uint8Array(16).fill(0) }));
  assertIntegers(await assertSameBytes(model));
});

test("a QuantizeLinear behind a Reshape belongs to the Conv in front of it: the same bytes", async () => {
  const builder = new ModelBuilder();
  const x = builder.dequantize(builder.input(UINT8, 2, 4, 30, 9), UINT8);
  const y = builder.one("Conv", [
    x,
    builder.dequantize(builder.constant(INT8, [6, 4, 3, 3]), INT8, { zeroPoint: 0 }),
  ]);
  const q = builder.quantize(builder.one("Reshape", [y, builder.add(i64("", [2], [2, -1]))]), UINT8, {
    scale: scale() * 60,
  });
  assertIntegers(await assertSameBytes(builder.model(q)));
});

test("int8 activations, which onnxruntime-web multiplies in f32: in integers, and never more than one step away", async () => {
  for (const bias of [false, true]) {
    const builder = new ModelBuilder();
    const x = builder.dequantize(builder.input(INT8, 1, 3, 40, 40), INT8, { scale: 0.1 });
    const w = builder.dequantize(builder.constant(INT8, [12, 3, 2, 2]), INT8, { scale: 0.3 });
    const c = bias ? [builder.constant(FLOAT, [12], times(draw(FLOAT, [12]) as Float32Array, 20))] : [];
    const y = builder.one("Conv", [x, w, ...c]);
    const a = builder.dequantize(builder.input(INT8, 200, 13), INT8, { scale: 0.7 });
    const b = builder.dequantize(builder.constant(INT8, [13, 90]), INT8, { scale: 0.2 });
    const z = builder.one("MatMul", [a, b]);
    const model = builder.model(
      builder.quantize(y, INT8, { scale: 18 }),
      builder.quantize(z, INT8, { scale: 21 }),
    );
    const { kinds, outputs } = await runBoth(model);
    assertIntegers(kinds);
    for (const { wanted, found } of outputs) {
      const steps = Array.from(wanted as Int8Array, (value, at) => Math.abs(value - found[at]!));
      assert.ok(Math.max(...steps) <= 1);
      assert.ok(steps.filter((step) => step === 1).length * 500 < steps.length);
    }
  }
});
