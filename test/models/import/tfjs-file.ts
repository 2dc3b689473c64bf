// Writes small TF.js graph models: nodes with attributes, and weights.
import type { TfjsSource } from "../../../models/import/tfjs/source.ts";

export const integers = (...values: number[]) => ({ list: { i: values.map(String) } });
export const texts = (...values: string[]) => ({ list: { s: values.map((value) => btoa(value)) } });
export const text = (value: string) => ({ s: btoa(value) });
export const integer = (value: number) => ({ i: String(value) });
export const real = (value: number) => ({ f: value });
export const truth = (value: boolean) => ({ b: value });
export const type = (name: "DT_FLOAT" | "DT_INT32" | "DT_BOOL") => ({ type: name });
export const window = (stride: number, padding: string, dilation = 1) => ({
  strides: integers(1, stride, stride, 1),
  dilations: integers(1, dilation, dilation, 1),
  padding: text(padding),
  data_format: text("NHWC"),
});

export interface FileNode {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, object>;
}

/** A model file that tests may damage. */
export interface TfjsFile {
  format: string;
  modelTopology: { node: FileNode[]; versions: object };
  weightsManifest: { weights: { name: string; shape: number[]; dtype: string; quantization?: object }[] }[];
}

export class FileWriter {
  readonly file: TfjsFile = {
    format: "graph-model",
    modelTopology: { node: [], versions: { producer: 1 } },
    weightsManifest: [{ weights: [] }],
  };
  readonly #bytes: number[] = [];

  input(
    name: string,
    shape: readonly number[],
    dtype: "DT_FLOAT" | "DT_INT32" | "DT_BOOL" = "DT_FLOAT",
  ): string {
    const dim = shape.map((size) => ({ size: String(size) }));
    this.file.modelTopology.node.push({
      name,
      op: "Placeholder",
      attr: { dtype: type(dtype), shape: { shape: { dim } } },
    });
    return name;
  }

  floats(name: string, shape: readonly number[], values: readonly number[]): string {
    return this.#constant(name, shape, "float32", new Uint8Array(Float32Array.from(values).buffer));
  }

  ints(name: string, shape: readonly number[], values: readonly number[]): string {
    return this.#constant(name, shape, "int32", new Uint8Array(Int32Array.from(values).buffer));
  }

  node(name: string, op: string, input: string[], attr: Record<string, object> = {}): string {
    this.file.modelTopology.node.push({ name, op, input, attr });
    return name;
  }

  source(): TfjsSource {
    return { model: this.file, weights: Uint8Array.from(this.#bytes) };
  }

  #constant(name: string, shape: readonly number[], dtype: string, bytes: Uint8Array): string {
    this.file.weightsManifest[0]!.weights.push({ name, shape: [...shape], dtype });
    this.file.modelTopology.node.push({ name, op: "Const" });
    this.#bytes.push(...bytes);
    return name;
  }
}
