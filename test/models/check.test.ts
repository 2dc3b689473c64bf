import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bindConstants } from "../../models/bind.ts";
import { checkCase, compareTensors, type RunGraph } from "../../models/check.ts";
import { ModelError } from "../../models/errors.ts";
import type { Constant } from "../../models/graph.ts";
import { readOnnx } from "../../models/import/onnx.ts";
import { readCaseTensor } from "../../models/import/onnx-case.ts";
import { encodeModel, encodeTensor, FLOAT, f32, INT64, i64 } from "./import/encode-onnx.ts";

const real = (...values: number[]): Constant => ({
  dtype: "f32",
  shape: [values.length],
  data: Float32Array.from(values),
});
const whole = (...values: number[]): Constant => ({
  dtype: "i64",
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

const MODEL = encodeModel({
  inputs: [{ name: "x", type: FLOAT, shape: [2] }],
  nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"] }],
  outputs: ["y"],
});
const dataSet = (...expected: number[]) => ({
  inputs: [encodeTensor(f32("x", [2], [-1, 2]))],
  outputs: [encodeTensor(f32("y", [expected.length], expected))],
});
/** Computes Relu, whatever it is given. */
const relu: RunGraph = async (graph, inputs) => {
  const x = inputs.get(graph.inputs[0]!.name)!;
  return [real(...[...x.data].map((value) => Math.max(0, Number(value))))];
};

test("passes a case whose outputs are as expected in every data set", async () => {
  const found = await checkCase({ model: MODEL, dataSets: [dataSet(0, 2), dataSet(0, 2.001)] }, relu);
  assert.deepEqual(found, { status: "passed" });
});

test("fails a case at the first output that differs", async () => {
  const found = await checkCase({ model: MODEL, dataSets: [dataSet(0, 2), dataSet(0, 2.01)] }, relu);
  assert.deepEqual(found, {
    status: "failed",
    reason: `data set 1: output y: element 1 is 2, want ${Math.fround(2.01)}`,
  });
});

test("fails a case without data, or with another number of inputs", async () => {
  assert.equal((await checkCase({ model: MODEL, dataSets: [] }, relu)).status, "failed");
  const dataSets = [{ inputs: [], outputs: [] }];
  assert.equal((await checkCase({ model: MODEL, dataSets }, relu)).status, "failed");
});

test("refuses a case with an operator that is not supported, be it found in reading or in running", async () => {
  const texts = encodeModel({ inputs: [{ name: "x", type: 8, shape: [1] }], outputs: ["x"] });
  const read = await checkCase({ model: texts, dataSets: [dataSet(0, 2)] }, relu);
  assert.equal(read.status, "refused");
  const run = await checkCase({ model: MODEL, dataSets: [dataSet(0, 2)] }, async () => {
    throw new ModelError("op_unsupported", "not this one");
  });
  assert.deepEqual(run, { status: "refused", reason: "not this one [op_unsupported]" });
});

test("lets what is no coded error pass: it is a bug", async () => {
  const broken: RunGraph = async () => {
    throw new TypeError("broken");
  };
  await assert.rejects(checkCase({ model: MODEL, dataSets: [dataSet(0, 2)] }, broken), TypeError);
});

test("compares reals with a tolerance, integers exactly, NaN with NaN", () => {
  assert.equal(compareTensors(real(1.0009), real(1)), null);
  assert.match(compareTensors(real(1.0011), real(1)) ?? "", /element 0/);
  assert.equal(compareTensors(real(Number.NaN, -0), real(Number.NaN, 0)), null);
  assert.match(compareTensors(real(Number.NaN), real(1)) ?? "", /element 0 is NaN/);
  assert.equal(compareTensors(real(Infinity), real(Infinity)), null);
  assert.match(compareTensors(real(3), real(Infinity)) ?? "", /element 0/);
  assert.match(compareTensors(real(Infinity), real(3)) ?? "", /element 0/);
  assert.match(compareTensors(whole(1000), whole(1001)) ?? "", /element 0/);
  assert.match(compareTensors(real(1), whole(1)) ?? "", /f32, want i64/);
  assert.match(compareTensors(real(1, 2), { ...real(1, 2), shape: [2, 1] }) ?? "", /shape/);
});

test("binds an input that shapes as a constant, and no other", () => {
  const graph = readOnnx(
    encodeModel({
      inputs: [
        { name: "x", type: FLOAT, shape: [2] },
        { name: "shape", type: INT64, shape: [1] },
        { name: "indices", type: INT64, shape: [1] },
      ],
      nodes: [
        { op: "Reshape", inputs: ["x", "shape"], outputs: ["r"] },
        { op: "Gather", inputs: ["r", "indices"], outputs: ["y"] },
      ],
      outputs: ["y"],
    }),
  );
  const given = new Map([
    ["x", real(1, 2)],
    ["shape", whole(2)],
    ["indices", whole(0)],
  ]);
  const bound = bindConstants(graph, given);
  assert.deepEqual(
    bound.inputs.map(({ name }) => name),
    ["x", "indices"],
  );
  assert.deepEqual([...bound.constants], [["shape", whole(2)]]);
});

test("reads what is not finite in the data of a case", () => {
  const tensor = encodeTensor(f32("", [2], [Number.NaN, Infinity]));
  assert.deepEqual(readCaseTensor(tensor, "input_0.pb"), real(Number.NaN, Infinity));
  assert.throws(
    () => readCaseTensor(encodeTensor({ ...i64("", [2], [1]) }), "input_0.pb"),
    /tensor input_0.pb/,
  );
});

/** A folder with these of onnx/backend/test/data, or with some of their cases. */
const ONNX_TEST_DATA = process.env.ONNX_TEST_DATA;
const SUITES = ["simple", "pytorch-converted", "pytorch-operator"];

test("reads ONNX's own cases: all but those with texts, sequences and gradients", (context) => {
  if (ONNX_TEST_DATA === undefined) {
    context.skip("set ONNX_TEST_DATA to onnx/backend/test/data of a checkout of ONNX");
    return;
  }
  const refused: string[] = [];
  let read = 0;
  for (const suite of SUITES) {
    for (const name of readdirSync(join(ONNX_TEST_DATA, suite))) {
      const folder = join(ONNX_TEST_DATA, suite, name);
      try {
        const graph = readOnnx(readFileSync(join(folder, "model.onnx")));
        assert.ok(graph.nodes.length > 0 && graph.outputs.length > 0, name);
        for (const file of readdirSync(join(folder, "test_data_set_0"))) {
          readCaseTensor(readFileSync(join(folder, "test_data_set_0", file)), file);
        }
        read++;
      } catch (error) {
        assert.equal((error as ModelError).code, "op_unsupported", `${name}: ${error}`);
        refused.push(name);
      }
    }
  }
  assert.ok(
    refused.every((name) => /sequence|strnorm|gradient/.test(name)),
    refused.join(),
  );
  assert.ok(read >= 63, `${read} were read`);
});
