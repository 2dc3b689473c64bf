// One direction of a recurrent layer, whose inputs were multiplied with their weights already.
import type { BoundTensor, Lowering } from "../lowering.ts";
import { defineOperation } from "./define.ts";

/**
 * Inputs: x·Wᵀ + biases (steps, batch, 4 · hidden; gates in ONNX's order), R (4 · hidden, hidden), initial h and c
 * (batch, hidden), peephole weights (3 · hidden) and lengths (batch; i32), both optional. Outputs: every h
 * (steps, batch, hidden), the last h and c.
 */
export const lstm = defineOperation({ reverse: "integer", clip: "real" }, (lowering, { reverse, clip }) => {
  const { values, hidden, state, lengths } = readRecurrence(lowering, 4);
  const initialC = state(3, "initial c");
  const peephole = lowering.optional(4);
  lowering.need(
    peephole === null || (peephole.dtype === "f32" && peephole.count === 3 * hidden),
    "peephole weights",
  );
  lowering.step("f32_lstm", {
    ...values,
    reverse,
    clip,
    peephole: peephole?.pointer ?? 0,
    initialC,
    lengths: lengths(5),
    finalC: lowering.output(2).pointer,
  });
});

/**
 * Inputs: x·Wᵀ + biases (steps, batch, 3 · hidden), R (3 · hidden, hidden), initial h, recurrence bias (3 · hidden) and
 * lengths, both optional. Outputs: every h, the last h.
 */
export const gru = defineOperation(
  { reverse: "integer", clip: "real", linearBeforeReset: "integer" },
  (lowering, { reverse, clip, linearBeforeReset }) => {
    const { values, hidden, lengths } = readRecurrence(lowering, 3);
    const bias = lowering.optional(3);
    lowering.need(bias === null || (bias.dtype === "f32" && bias.count === 3 * hidden), "recurrence bias");
    lowering.step("f32_gru", {
      ...values,
      reverse,
      clip,
      linearBeforeReset: linearBeforeReset,
      rb: bias?.pointer ?? 0,
      lengths: lengths(4),
    });
  },
);

function readRecurrence(lowering: Lowering, gates: number) {
  const [xw, weights, output] = [lowering.input(0), lowering.input(1), lowering.output(0)];
  const [steps, batch, hidden] = output.shape as [number, number, number];
  const isFloat = ({ dtype }: BoundTensor) => dtype === "f32";
  lowering.need(output.shape.length === 3 && [xw, weights, output].every(isFloat), "want f32 of three axes");
  lowering.need(xw.count === steps * batch * gates * hidden, "sizes of the inputs");
  lowering.need(weights.count === gates * hidden * hidden, "sizes of the recurrence weights");
  const state = (index: number, title: string) => {
    const tensor = lowering.input(index);
    lowering.need(isFloat(tensor) && tensor.count === batch * hidden, `size of ${title}`);
    return tensor.pointer;
  };
  for (let index = 1; index < lowering.outputCount; index++) {
    const final = lowering.output(index);
    lowering.need(isFloat(final) && final.count === batch * hidden, "size of a last state");
  }
  lowering.work(steps * batch * hidden, gates * hidden);
  return {
    hidden,
    state,
    lengths: (index: number) => {
      const tensor = lowering.optional(index);
      lowering.need(tensor === null || (tensor.dtype === "i32" && tensor.count === batch), "lengths");
      return tensor?.pointer ?? 0;
    },
    values: {
      steps,
      batch,
      hidden,
      xw: xw.pointer,
      weights: weights.pointer,
      initialH: state(2, "initial h"),
      output: output.pointer,
      outputStepStride: batch * hidden,
      outputBatchStride: hidden,
      finalH: lowering.output(1).pointer,
    },
  };
}
