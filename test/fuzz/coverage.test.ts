// Each operator that is lowered is fuzzed, or compared with the peer by a test that is named here.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { operatorNames } from "../../models/lower/lower.ts";
import { generateCase } from "./generate.ts";
import { RULES } from "./operators.ts";

const ATTENTION = "../models/attention-rival.test.ts"; // masks, caches and positions depend on each other
const CONTRIB = "../models/contrib-rival.test.ts"; // packed weights, tokens, activations by name
const QUANTIZED = "../models/quantized/operators-rival.test.ts"; // scales have to fit what they stand for

/** Without a rule, and the test that compares them instead. */
const COMPARED: Readonly<Record<string, string>> = {
  Attention: ATTENTION,
  RotaryEmbedding: ATTENTION,
  "com.microsoft.RotaryEmbedding": ATTENTION,
  "com.microsoft.GroupQueryAttention": ATTENTION,
  // Where a row hardly varies, it divides by next to nothing, and no ε is to be chosen.
  MeanVarianceNormalization: "../models/lower-rival.test.ts",
  "com.microsoft.EmbedLayerNormalization": CONTRIB,
  "com.microsoft.FusedConv": CONTRIB,
  "com.microsoft.MatMulNBits": CONTRIB,
  "com.microsoft.DequantizeLinear": QUANTIZED,
  "com.microsoft.QuantizeLinear": QUANTIZED,
  "com.microsoft.DynamicQuantizeMatMul": QUANTIZED,
  "com.microsoft.MatMulIntegerToFloat": QUANTIZED,
  "com.microsoft.QGemm": QUANTIZED,
  "com.microsoft.QLinearAveragePool": QUANTIZED,
  "com.microsoft.QLinearConcat": QUANTIZED,
  "com.microsoft.QLinearConv": QUANTIZED,
  "com.microsoft.QLinearGlobalAveragePool": QUANTIZED,
  "com.microsoft.QLinearLeakyRelu": QUANTIZED,
  "com.microsoft.QLinearSigmoid": QUANTIZED,
};

test("every operator has a rule, or a test that compares it with the peer", () => {
  const written = new Set<string>();
  for (let index = 0; index < 5 * Object.keys(RULES).length; index++)
    for (const { op, domain = "" } of generateCase(20_261_125, index).model.nodes ?? [])
      written.add(domain === "" ? op : `${domain}.${op}`);
  const without = operatorNames().filter((name) => !written.has(name));
  assert.deepEqual(without, Object.keys(COMPARED).sort());
});

for (const file of new Set(Object.values(COMPARED)))
  test(`${file} names the operators that it compares`, async () => {
    const text = await readFile(new URL(file, import.meta.url), "utf8");
    for (const [name, where] of Object.entries(COMPARED))
      if (where === file)
        assert.match(text, new RegExp(`\\b${name.split(".").at(-1)}\\b`), `${name} is not in ${file}`);
  });
