// The element types of ONNX (TensorProto.DataType), and which of ours holds each of them.
import { ModelError } from "../errors.ts";
import type { DataType } from "../graph.ts";

/** Names by number, as onnx.proto has them. */
const NAMES = [
  "undefined",
  "float",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "double",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
] as const;

/** The types that are read. Each is held without loss by ours; those that we lack are widened. */
const HOLDERS = {
  float: "f32",
  float16: "f32",
  bfloat16: "f32",
  double: "f64",
  uint8: "u8",
  uint4: "u8",
  int8: "i8",
  int4: "i8",
  uint16: "i32",
  int16: "i32",
  int32: "i32",
  uint32: "i64",
  uint64: "i64",
  int64: "i64",
  bool: "bool",
} as const satisfies Record<string, DataType>;

export type OnnxType = keyof typeof HOLDERS;

/** `what` has this type. Throws ModelError op_unsupported, naming both. */
export function readType(number: number, what: string): OnnxType {
  const name = NAMES[number] ?? `number ${number}`;
  if (Object.hasOwn(HOLDERS, name)) return name as OnnxType;
  throw new ModelError("op_unsupported", `${what} has element type ${name}, which is not supported`);
}

/** As old files write it in Cast: "FLOAT". */
export function readTypeName(name: string, what: string): OnnxType {
  return readType((NAMES as readonly string[]).indexOf(name.toLowerCase()), what);
}

export function holderOf(type: OnnxType): DataType {
  return HOLDERS[type];
}
