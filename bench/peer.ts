// onnxruntime-web as a rival: one thread, many equal nodes a run, so that its call costs nothing.
import * as ort from "onnxruntime-web/wasm";
import { encodeRepeated, type RepeatedNode } from "./onnx.ts";
import { variedBytes, variedFloats } from "./stage.ts";

ort.env.wasm.numThreads = 1;

export interface Peer {
  readonly run: () => Promise<void>;
  readonly release: () => Promise<void>;
}

export async function createPeer(node: RepeatedNode, nodes: number): Promise<Peer> {
  const session = await ort.InferenceSession.create(encodeRepeated(node, nodes), {
    executionProviders: ["wasm"],
    // Without optimization, because the optimizer would merge the equal nodes; it has nothing to improve in one.
    graphOptimizationLevel: "disabled",
  });
  const { type, shape } = node.input;
  const length = shape.reduce((product, size) => product * size, 1);
  const data = type === "float32" ? variedFloats(length) : new Uint8Array(variedBytes(length).buffer);
  const x = new ort.Tensor(type as "uint8", data as Uint8Array, [...shape]);
  return {
    run: async () => void (await session.run({ x }, ["y0"])),
    release: () => session.release(),
  };
}
