// The value of a Constant node, in whichever of its attributes it stands.
import { ModelError } from "../errors.ts";
import type { Constant } from "../graph.ts";
import type { VersionedAttribute } from "./onnx-functions.ts";
import { malformed } from "./protobuf.ts";
import { float32s, int64s } from "./translation.ts";

/** Throws ModelError: op_unsupported (texts, sparse tensors), weights_invalid, model_malformed. */
export function constantOfNode(attributes: ReadonlyMap<string, VersionedAttribute>, name: string): Constant {
  const [[key, value] = ["", ""], ...others] = attributes;
  if (others.length > 0 || key === "")
    throw malformed(`Constant (node ${name}) has ${attributes.size} values`);
  switch (key) {
    case "value":
      if (typeof value === "object" && "dtype" in value) return value;
      break;
    case "value_int":
      if (typeof value === "number") return { ...integers([value], name), shape: [] };
      break;
    case "value_ints":
      if (isNumbers(value)) return integers(value, name);
      break;
    case "value_float":
      if (typeof value === "number") return floats([value], [], name);
      break;
    case "value_floats":
      if (isNumbers(value)) return floats(value, [value.length], name);
      break;
    default:
      throw new ModelError("op_unsupported", `node ${name} (Constant): ${key} is not supported`);
  }
  throw malformed(`Constant (node ${name}): ${key} is of another type`);
}

function isNumbers(value: VersionedAttribute): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "number");
}

function integers(values: readonly number[], name: string): Constant {
  if (!values.every(Number.isInteger)) throw malformed(`Constant (node ${name}) holds a fraction`);
  return int64s(values);
}

function floats(values: readonly number[], shape: readonly number[], name: string): Constant {
  if (!values.some(Number.isNaN)) return float32s(values, shape);
  throw new ModelError("weights_invalid", `node ${name} (Constant) is NaN; constants are numbers`);
}
