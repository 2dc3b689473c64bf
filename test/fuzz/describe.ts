// A case in words: what a person needs to write it down as a test.
import type { AttributeSpec, NodeSpec } from "../models/import/encode-onnx.ts";
import type { FuzzCase } from "./generate.ts";

export function describeCase({ model, symbols, values, feeds }: FuzzCase): string {
  const inputs = (model.inputs ?? []).map(
    ({ name, shape }) =>
      `  ${name}: ${values.get(name)!.dtype} [${shape?.join(", ")}] = ${head(feeds[0].get(name)!.data)}`,
  );
  const constants = (model.initializers ?? []).map(({ name = "", dims, type, raw = new Uint8Array() }) => {
    const data =
      type === 1
        ? new Float32Array(raw.slice().buffer)
        : type === 7
          ? new BigInt64Array(raw.slice().buffer)
          : raw;
    return `  ${name} = constant ${type} [${dims}] ${head(data)}`;
  });
  const nodes = (model.nodes ?? []).map((node) => describeNode(node, values));
  const sizes = symbols.map(({ name, sizes: both }) => `${name} = ${both.join(", then ")}`).join("; ");
  return [
    `opset ${model.opset} ${sizes}`,
    ...inputs,
    ...constants,
    ...nodes,
    `  outputs ${model.outputs}`,
  ].join("\n");
}

function describeNode(
  { op, inputs = [], outputs = [], attributes = {} }: NodeSpec,
  values: FuzzCase["values"],
): string {
  const results = outputs.map((name) => {
    const value = values.get(name);
    return value === undefined ? name : `${name}: ${value.dtype} [${value.shapes[0]}]`;
  });
  const details = Object.entries(attributes).map(([name, each]) => `${name}=${describeAttribute(each)}`);
  return `  ${results.join(", ")} = ${op}(${inputs.join(", ")}) ${details.join(" ")}`;
}

function describeAttribute(attribute: AttributeSpec): string {
  const [value] = Object.values(attribute);
  return Array.isArray(value) ? `[${value.join()}]` : typeof value === "object" ? "{…}" : String(value);
}

function head(data: ArrayLike<unknown>): string {
  const shown = Array.from({ length: Math.min(24, data.length) }, (_, at) => String(data[at]));
  return `${shown.join(" ")}${data.length > 24 ? " …" : ""}`;
}
