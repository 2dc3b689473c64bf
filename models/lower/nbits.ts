// MatMulNBits: a product with weights of 4 or 8 bits, which share a scale and a zero point in blocks of their inputs.
import type { Layer } from "../layer.ts";
import type { Value } from "../value.ts";
import { binary, denseLayer } from "./ops.ts";
import type { LowerTable, Scope } from "./scope.ts";

/** In ONNX Runtime's layout: blocks of each output's inputs, low bits first, the last block filled up. */
interface Blocks {
  readonly bits: 4 | 8;
  readonly outputs: number;
  readonly inputs: number;
  readonly blockInputs: number;
  /** (outputs, blocks, bytes of a block) */
  readonly packed: Uint8Array;
  /** (outputs, blocks) */
  readonly scale: Float32Array;
  /** (outputs, blocks), in units of a weight. */
  readonly zeroPoint: Float32Array;
}

/** Number `index` of a row of `bits` each. */
function readBits(row: Uint8Array, index: number, bits: 4 | 8): number {
  return bits === 8 ? row[index]! : (row[index >> 1]! >> (4 * (index & 1))) & 15;
}

function bytesOfInput(node: Scope, index: number, count: number): Uint8Array {
  const { dtype, data } = node.constant(index);
  if (dtype !== "u8" || data.length !== count)
    return node.refuse(`input ${index} has ${data.length} of ${dtype}; want ${count} of u8`);
  return data as Uint8Array;
}

function floatsOfInput(node: Scope, index: number, count: number): Float32Array {
  const { dtype, data } = node.constant(index);
  if (dtype !== "f32" || data.length !== count)
    return node.refuse(`input ${index} has ${data.length} of ${dtype}; want ${count} of f32`);
  return data as Float32Array;
}

function readBlocks(node: Scope): Blocks {
  const bits = node.number("bits", 4);
  if (bits !== 4 && bits !== 8) return node.refuse(`${bits} bits; 4 and 8 are supported`);
  const [outputs, inputs, blockInputs] = [node.count("N"), node.count("K"), node.count("block_size")];
  if (blockInputs < 16 || !Number.isInteger(Math.log2(blockInputs)))
    node.refuse(`block_size is ${blockInputs}; it must be a power of two of at least 16`);
  const blocks = Math.ceil(inputs / blockInputs);
  const packed = bytesOfInput(node, 1, (outputs * blocks * blockInputs * bits) / 8);
  const scale = floatsOfInput(node, 2, outputs * blocks);
  return { bits, outputs, inputs, blockInputs, packed, scale, zeroPoint: readZeroPoints() };

  function readZeroPoints(): Float32Array {
    const given = node.optional(3);
    if (given === null) return new Float32Array(outputs * blocks).fill(2 ** (bits as number) / 2);
    if (given.dtype === "f32") return floatsOfInput(node, 3, outputs * blocks);
    const rowBytes = Math.ceil((blocks * (bits as number)) / 8);
    const bytes = bytesOfInput(node, 3, outputs * rowBytes);
    return Float32Array.from({ length: outputs * blocks }, (_, at) => {
      const start = Math.floor(at / blocks) * rowBytes;
      return readBits(bytes.subarray(start, start + rowBytes), at % blocks, bits as 4 | 8);
    });
  }
}

/** (outputs, inputs), one a byte. */
function unpack({ bits, outputs, inputs, packed }: Blocks): Uint8Array {
  const rowBytes = packed.length / outputs;
  const weights = new Uint8Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    const row = packed.subarray(output * rowBytes, (output + 1) * rowBytes);
    for (let input = 0; input < inputs; input++)
      weights[output * inputs + input] = readBits(row, input, bits);
  }
  return weights;
}

/** 4 bits stay 4 bits where the kernel's blocks of 32 inputs divide them; everything else is f32 from here on. */
function layerOf(blocks: Blocks, bias: Float32Array): Layer {
  const { bits, outputs, inputs, blockInputs, scale, zeroPoint } = blocks;
  const weights = unpack(blocks);
  const perRow = Math.ceil(inputs / blockInputs);
  const blockOf = (output: number, input: number) => output * perRow + Math.floor(input / blockInputs);
  const isWhole = zeroPoint.every((each) => Number.isInteger(each) && each >= 0 && each <= 15);
  if (bits === 4 && blockInputs % KERNEL_BLOCK === 0 && isWhole) {
    const count = Math.ceil(inputs / KERNEL_BLOCK);
    const spread = <T extends Float32Array | Uint8Array>(target: T, source: ArrayLike<number>): T => {
      for (let at = 0; at < target.length; at++)
        target[at] = source[blockOf(Math.floor(at / count), (at % count) * KERNEL_BLOCK)]!;
      return target;
    };
    return {
      format: "qb4w",
      outputs,
      inputs,
      weights,
      bias,
      scale: spread(new Float32Array(outputs * count), scale),
      zeroPoint: spread(new Uint8Array(outputs * count), zeroPoint),
    };
  }
  const reals = Float32Array.from(weights, (weight, at) => {
    const block = blockOf(Math.floor(at / inputs), at % inputs);
    return (weight - zeroPoint[block]!) * scale[block]!;
  });
  return { format: "f32", outputs, inputs, weights: reals, bias };
}

/** Inputs that share a scale in the engine's 4-bit kernel. */
const KERNEL_BLOCK = 32;

/** A (…, K), B (N, blocks, bytes), scales, zero points, g_idx, bias (N). */
function matmulNBits(node: Scope): void {
  if (node.optional(4) !== null) node.refuse("g_idx, which puts inputs into other blocks");
  const value = node.input(0);
  const blocks = readBlocks(node);
  if (value.dtype !== "f32" || value.shape.at(-1) !== blocks.inputs)
    node.refuse(`want f32 rows of ${blocks.inputs}`);
  const bias: Value | null = node.optional(5);
  const known = bias?.constant?.dtype === "f32" ? bias.constant.data : new Float32Array(blocks.outputs);
  const whole = denseLayer(node, value, layerOf(blocks, known));
  node.set(0, bias === null || bias.constant !== null ? whole : binary(node, "add", whole, bias));
}

export const NBITS: LowerTable = { "com.microsoft.MatMulNBits": matmulNBits };
