// Writes ONNX files for tests, field by field, so that a test can also write what no exporter would.
import { PbfWriter } from "pbf";

export type AttributeSpec =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly texts: readonly string[] }
  | { readonly tensor: TensorSpec }
  | { readonly graph: GraphSpec }
  | { readonly reference: string }
  /** The bytes of one field of AttributeProto, whatever it is. */
  | { readonly field: number };

export interface NodeSpec {
  readonly op: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
}

export interface TensorSpec {
  readonly name?: string;
  /** TensorProto.DataType. */
  readonly type: number;
  readonly dims: readonly number[];
  readonly raw?: Uint8Array;
  readonly floats?: readonly number[];
  readonly int32s?: readonly number[];
  readonly int64s?: readonly bigint[];
  readonly doubles?: readonly number[];
  readonly uint64s?: readonly bigint[];
  /** One field for each element, as the first versions of protobuf wrote lists. */
  readonly isUnpacked?: boolean;
  readonly external?: Readonly<Record<string, string>>;
}

export interface InputSpec {
  readonly name: string;
  readonly type?: number;
  /** null is a dimension that has neither size nor name. */
  readonly shape?: readonly (number | string | null)[];
}

export interface GraphSpec {
  readonly name?: string;
  readonly nodes?: readonly NodeSpec[];
  readonly inputs?: readonly InputSpec[];
  readonly outputs?: readonly string[];
  readonly initializers?: readonly TensorSpec[];
}

export interface FunctionSpec {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeSpec[];
  readonly opset?: number;
  readonly defaults?: Readonly<Record<string, AttributeSpec>>;
}

export interface ModelSpec extends GraphSpec {
  readonly opset?: number;
  readonly domains?: Readonly<Record<string, number>>;
  readonly functions?: readonly FunctionSpec[];
}

export const FLOAT = 1;
export const UINT8 = 2;
export const INT32 = 6;
export const INT64 = 7;

/** The version of "" comes last: a file that ends early lacks it. */
export function encodeModel(spec: ModelSpec): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, 8);
  pbf.writeMessage(7, writeGraph, spec);
  for (const called of spec.functions ?? []) pbf.writeMessage(25, writeFunction, called);
  for (const [domain, version] of Object.entries({ ...spec.domains, "": spec.opset ?? 21 })) {
    pbf.writeMessage(8, writeOpset, { domain, version });
  }
  return pbf.finish().slice();
}

export function encodeTensor(spec: TensorSpec): Uint8Array {
  const pbf = new PbfWriter();
  writeTensor(spec, pbf);
  return pbf.finish().slice();
}

/** A tensor of f32, in raw bytes. */
export function f32(name: string, dims: readonly number[], values: readonly number[]): TensorSpec {
  return { name, type: FLOAT, dims, raw: new Uint8Array(Float32Array.from(values).buffer) };
}

export function i64(name: string, dims: readonly number[], values: readonly number[]): TensorSpec {
  return { name, type: INT64, dims, raw: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) };
}

export function u8(name: string, dims: readonly number[], values: readonly number[]): TensorSpec {
  return { name, type: UINT8, dims, raw: Uint8Array.from(values) };
}

export function i32(name: string, dims: readonly number[], values: readonly number[]): TensorSpec {
  return { name, type: INT32, dims, raw: new Uint8Array(Int32Array.from(values).buffer) };
}

function writeOpset({ domain, version }: { domain: string; version: number }, pbf: PbfWriter): void {
  pbf.writeStringField(1, domain);
  pbf.writeVarintField(2, version);
}

function writeGraph(spec: GraphSpec, pbf: PbfWriter): void {
  for (const node of spec.nodes ?? []) pbf.writeMessage(1, writeNode, node);
  if (spec.name !== undefined) pbf.writeStringField(2, spec.name);
  for (const tensor of spec.initializers ?? []) pbf.writeMessage(5, writeTensor, tensor);
  for (const input of spec.inputs ?? []) pbf.writeMessage(11, writeInput, input);
  for (const output of spec.outputs ?? [])
    pbf.writeMessage(12, (name, o) => o.writeStringField(1, name), output);
}

function writeFunction(spec: FunctionSpec, pbf: PbfWriter): void {
  pbf.writeStringField(1, spec.name);
  for (const name of spec.inputs) pbf.writeStringField(4, name);
  for (const name of spec.outputs) pbf.writeStringField(5, name);
  for (const node of spec.nodes) pbf.writeMessage(7, writeNode, node);
  pbf.writeMessage(9, writeOpset, { domain: "", version: spec.opset ?? 21 });
  pbf.writeStringField(10, spec.domain);
  for (const [name, attribute] of Object.entries(spec.defaults ?? {})) {
    pbf.writeMessage(11, writeAttribute, { name, attribute });
  }
}

function writeNode(spec: NodeSpec, pbf: PbfWriter): void {
  for (const name of spec.inputs ?? []) pbf.writeStringField(1, name);
  for (const name of spec.outputs ?? []) pbf.writeStringField(2, name);
  if (spec.name !== undefined) pbf.writeStringField(3, spec.name);
  pbf.writeStringField(4, spec.op);
  for (const [name, attribute] of Object.entries(spec.attributes ?? {})) {
    pbf.writeMessage(5, writeAttribute, { name, attribute });
  }
  if (spec.domain !== undefined) pbf.writeStringField(7, spec.domain);
}

function writeAttribute(
  { name, attribute }: { name: string; attribute: AttributeSpec },
  pbf: PbfWriter,
): void {
  pbf.writeStringField(1, name);
  const type = (value: number) => pbf.writeVarintField(20, value);
  if ("float" in attribute) {
    pbf.writeFloatField(2, attribute.float);
    type(1);
  } else if ("int" in attribute) {
    pbf.writeVarintField(3, attribute.int);
    type(2);
  } else if ("text" in attribute) {
    pbf.writeStringField(4, attribute.text);
    type(3);
  } else if ("tensor" in attribute) {
    pbf.writeMessage(5, writeTensor, attribute.tensor);
    type(4);
  } else if ("graph" in attribute) {
    pbf.writeMessage(6, writeGraph, attribute.graph);
    type(5);
  } else if ("floats" in attribute) {
    for (const value of attribute.floats) pbf.writeFloatField(7, value);
    type(6);
  } else if ("ints" in attribute) {
    for (const value of attribute.ints) pbf.writeVarintField(8, value);
    type(7);
  } else if ("texts" in attribute) {
    for (const value of attribute.texts) pbf.writeStringField(9, value);
    type(8);
  } else if ("reference" in attribute) pbf.writeStringField(21, attribute.reference);
  else pbf.writeStringField(attribute.field, "");
}

function writeTensor(spec: TensorSpec, pbf: PbfWriter): void {
  pbf.writePackedVarint(1, [...spec.dims]);
  pbf.writeVarintField(2, spec.type);
  const list = <T>(
    field: number,
    values: readonly T[] | undefined,
    write: (value: T, to: PbfWriter) => void,
    wire: number,
  ) => {
    if (values === undefined) return;
    if (spec.isUnpacked) {
      for (const value of values) {
        pbf.writeTag(field, wire);
        write(value, pbf);
      }
    } else {
      pbf.writeMessage(
        field,
        (_, inner) => {
          for (const value of values) write(value, inner);
        },
        null,
      );
    }
  };
  list(4, spec.floats, (value, to) => to.writeFloat(value), 5);
  list(5, spec.int32s, (value, to) => writeLong(BigInt(value), to), 0);
  list(7, spec.int64s, writeLong, 0);
  list(10, spec.doubles, (value, to) => to.writeDouble(value), 1);
  list(11, spec.uint64s, writeLong, 0);
  if (spec.name !== undefined) pbf.writeStringField(8, spec.name);
  if (spec.raw !== undefined) pbf.writeBytesField(9, spec.raw);
  for (const [key, value] of Object.entries(spec.external ?? {})) {
    pbf.writeMessage(
      13,
      (_, entry) => {
        entry.writeStringField(1, key);
        entry.writeStringField(2, value);
      },
      null,
    );
  }
  if (spec.external !== undefined) pbf.writeVarintField(14, 1);
}

/** Exact, unlike pbf's own: it counts in doubles. */
function writeLong(value: bigint, pbf: PbfWriter): void {
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 128n; rest >>= 7n) writeByte(Number(rest & 127n) | 128, pbf);
  writeByte(Number(rest), pbf);
}

function writeByte(value: number, pbf: PbfWriter): void {
  pbf.realloc(1);
  pbf.buf[pbf.pos++] = value;
}

function writeInput(spec: InputSpec, pbf: PbfWriter): void {
  pbf.writeStringField(1, spec.name);
  if (spec.type === undefined) return;
  pbf.writeMessage(2, (_, type) => type.writeMessage(1, writeTensorType, spec), null);
}

function writeTensorType(spec: InputSpec, pbf: PbfWriter): void {
  pbf.writeVarintField(1, spec.type ?? 0);
  if (spec.shape === undefined) return;
  pbf.writeMessage(
    2,
    (sizes, shape) => {
      for (const size of sizes) {
        shape.writeMessage(
          1,
          (value, dimension) => {
            if (typeof value === "number") dimension.writeVarintField(1, value);
            else if (value !== null) dimension.writeStringField(2, value);
          },
          size,
        );
      }
    },
    spec.shape,
  );
}
