import assert from "node:assert/strict";
import { test } from "node:test";
import { ISAS } from "../../wasm/families.ts";
import { instantiateKernels } from "../../wasm/kernels.ts";
import { UNARY } from "../../wasm/operators.ts";
import { paramsBytes, writeParams } from "../../wasm/params.ts";
import { createArena } from "../support/arena.ts";
import { nearestEven } from "./model.ts";
import { createRandom } from "./random.ts";
import { kernelModule, runSiblings } from "./sandbox.ts";

type Unary = (typeof UNARY)[number];

const f = Math.fround;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const CANONICAL_NAN = 0x7fc00000;
const HOSTILE = [
  ...[nan, inf, -inf, 0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-45, -1e-45, 1e-39, 2 ** -126, 16777215],
  ...[
    3.4028234663852886e38,
    -3.4028234663852886e38,
    88.72283,
    88.72284,
    -87.4,
    -103.9,
    -104.1,
    1e5,
    2 ** 30,
    1e30,
  ],
];

function unary(op: Unary, input: ArrayLike<number>, alpha = 0, beta = 0): Float32Array {
  const values = { op: UNARY.indexOf(op), length: input.length, alpha, beta };
  const output = { rows: 1, rowBytes: 4 * input.length, strideBytes: 4 * input.length };
  const tensors = { input: Float32Array.from(input) };
  return new Float32Array(runSiblings({ family: "f32_vunary", values, tensors, output }).buffer);
}

/** erf by its power series, and by its continued fraction where that converges faster. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 100; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

const between = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const ALPHA = f(0.7);
const BETA = f(1.3);

/** Ops whose every step is one rounding: equal to the model to the bit. */
const EXACT: Partial<Record<Unary, (x: number) => number>> = {
  abs: Math.abs,
  neg: (x) => -x,
  floor: Math.floor,
  ceil: Math.ceil,
  // Beyond 2^23 every f32 is an integer; a result of 0 keeps the sign.
  round: (x) => (Math.abs(x) < 2 ** 23 ? Math.sign(x) * nearestEven(Math.abs(x)) : x),
  sign: Math.sign,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / f(Math.sqrt(x)),
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  softsign: (x) => x / f(1 + Math.abs(x)),
  leaky_relu: (x) => (x < 0 ? ALPHA * x : x),
  hard_sigmoid: (x) => between(f(f(ALPHA * x) + BETA), 0, 1),
  hard_swish: (x) => x * between(f(f(x * f(1 / 6)) + 0.5), 0, 1),
  clip: (x) => between(x, ALPHA, BETA),
  affine: (x) => f(ALPHA * x) + BETA,
  relu: (x) => (x < 0 ? 0 : x),
};

/** Approximated ops: the truth in f64, the range to sample, and the bound in units in the last place or absolute. */
const APPROXIMATE: Partial<
  Record<Unary, { truth: (x: number) => number; low: number; high: number; units: number; absolute: number }>
> = {
  exp: { truth: Math.exp, low: -87, high: 88.7, units: 1, absolute: 0 },
  log: { truth: Math.log, low: 1e-38, high: 1e6, units: 0.51, absolute: 0 },
  sin: { truth: Math.sin, low: -1e6, high: 1e6, units: 0.51, absolute: 0 },
  cos: { truth: Math.cos, low: -1e6, high: 1e6, units: 0.51, absolute: 0 },
  tanh: { truth: Math.tanh, low: -10, high: 10, units: 0, absolute: 4e-7 },
  sigmoid: { truth: (x) => 1 / (1 + Math.exp(-x)), low: -87, high: 90, units: 3, absolute: 0 },
  silu: { truth: (x) => x / (1 + Math.exp(-x)), low: -87, high: 90, units: 3, absolute: 0 },
  erf: { truth: erf, low: -5, high: 5, units: 0, absolute: 5e-7 },
  gelu: { truth: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)), low: -9, high: 9, units: 4, absolute: 1e-6 },
  gelu_tanh: {
    truth: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    ...{ low: -9, high: 9, units: 4, absolute: 1e-6 },
  },
  softplus: {
    truth: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    ...{ low: -17, high: 90, units: 4, absolute: 0 },
  },
  elu: { truth: (x) => (x < 0 ? ALPHA * Math.expm1(x) : x), low: -20, high: 5, units: 0, absolute: 1e-7 },
  selu: {
    truth: (x) => BETA * (x < 0 ? ALPHA * Math.expm1(x) : x),
    ...{ low: -20, high: 5, units: 1, absolute: 2e-7 },
  },
  celu: {
    truth: (x) => (x < 0 ? ALPHA * Math.expm1(x / ALPHA) : x),
    ...{ low: -20, high: 5, units: 0, absolute: 1e-7 },
  },
};

/** Equal as f32 numbers, −0 apart from 0, NaN only as its one pattern. */
function assertSame(actual: Float32Array, expected: readonly number[], message: string): void {
  const bits = new Uint32Array(actual.buffer, actual.byteOffset, actual.length);
  expected.forEach((value, i) => {
    if (Number.isNaN(value)) assert.equal(bits[i], CANONICAL_NAN, `${message} ${i}`);
    else assert.ok(Object.is(actual[i], f(value)), `${message} at ${i}: ${actual[i]} is not ${f(value)}`);
  });
}

test("every op of f32_vunary has a model", () => {
  assert.deepEqual(Object.keys({ ...EXACT, ...APPROXIMATE }).sort(), [...UNARY].sort());
});

for (const [op, model] of Object.entries(EXACT) as [Unary, (x: number) => number][]) {
  test(`${op} equals the plain model to the bit`, () => {
    const random = createRandom(200);
    const input = [...HOSTILE, ...random.float32(200, -4, 4), ...random.float32(50, -1e6, 1e6)].map(f);
    assertSame(unary(op, input, ALPHA, BETA), input.map(model), op);
  });
}

for (const [op, { truth, low, high, units, absolute }] of Object.entries(APPROXIMATE)) {
  test(`${op} stays within ${units} units in the last place or ${absolute}`, () => {
    const random = createRandom(201);
    const wide = random.float32(60_000, low, high);
    const near = random
      .float32(20_000, Math.max(low, -0.5), 0.5)
      .map((x) => (low > 0 ? Math.abs(x) + 0.75 : x));
    const tiny = near.map((x) => x * 1e-3).filter((x) => x >= low);
    const input = Float32Array.of(...wide, ...near, ...tiny);
    unary(op as Unary, input, ALPHA, BETA).forEach((value, i) => {
      const exact = truth(input[i]!);
      const unit = 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(exact))) - 23);
      const error = Math.abs(value - exact);
      if (error > units * unit && error > absolute) {
        assert.fail(`${op}(${input[i]}) = ${value}, not ${exact}: ${error / unit} units`);
      }
    });
  });
}

test("the approximations have defined results at the ends of f32", () => {
  const max = 3.4028234663852886e38;
  const at = (op: Unary, ...input: number[]) => [...unary(op, input, 1, 1)];
  assert.deepEqual(at("exp", nan, inf, -inf, 0, -0, 89, max, -104.1, -max), [
    nan,
    inf,
    0,
    1,
    1,
    inf,
    inf,
    0,
    0,
  ]);
  assert.deepEqual(at("exp", 88.72284, -103.9), [inf, 2 ** -149]);
  assert.deepEqual(at("log", nan, inf, -inf, 0, -0, -1, 1, 2 ** -149), [
    nan,
    inf,
    nan,
    -inf,
    -inf,
    nan,
    0,
    f(-149 * Math.LN2),
  ]);
  assert.deepEqual(at("sin", nan, inf, -inf, -0, 0, 2 ** 30, max), [nan, nan, nan, -0, 0, 0, 0]);
  assert.deepEqual(at("cos", nan, inf, -inf, -0, 0, 2 ** 30, max), [nan, nan, nan, 1, 1, 1, 1]);
  assert.deepEqual(at("tanh", nan, inf, -inf, -0, 0, 7.91, max), [nan, 1, -1, -0, 0, 1, 1]);
  assert.deepEqual(at("sigmoid", nan, inf, -inf, 0, max, -max), [nan, 1, 0, 0.5, 1, 0]);
  assert.deepEqual(at("erf", nan, inf, -inf, -0, 0, 4, -max), [nan, 1, -1, -0, 0, 1, -1]);
  assert.deepEqual(at("gelu", nan, inf, -inf, -max, max), [nan, inf, nan, -0, max]);
  assert.deepEqual(at("silu", nan, inf, -inf, -max, max), [nan, inf, nan, -0, max]);
  assert.deepEqual(at("softplus", nan, inf, -inf, -max, max), [nan, inf, 0, 0, max]);
  assert.deepEqual(at("elu", nan, inf, -inf, -0), [nan, inf, -1, -0]);
});

test("every op of f32_vunary gives the same bytes in both siblings at every length around its turn", () => {
  for (const op of UNARY) {
    for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 9])
      unary(op, createRandom(length).float32(length, -3, 3), 0.5, 2);
    for (const alpha of HOSTILE.filter((value) => !Number.isNaN(value))) unary(op, HOSTILE, alpha, -alpha);
  }
});

test("f32_vunary works in place", () => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const arena = createArena(memory);
  const params = arena.allocate(paramsBytes("f32_vunary"));
  const input = arena.allocate(4 * 7);
  const floats = new Float32Array(memory.buffer, input, 7);
  const values = { op: UNARY.indexOf("square"), length: 7, input, output: input, alpha: 0, beta: 0 };
  writeParams(new DataView(memory.buffer), params, "f32_vunary", values);
  for (const isa of ISAS) {
    floats.set([1, 2, 3, 4, 5, 6, 7]);
    instantiateKernels(kernelModule, memory).f32_vunary[isa](params);
    assert.deepEqual([...floats], [1, 4, 9, 16, 25, 36, 49]);
  }
});
