// One direction of a recurrent layer, whose inputs were multiplied with their weights already.
import type { Lowering } from "../lowering.ts";
import { defineOperation } from "./define.ts";

/**
 * Inputs: x·Wᵀ + biases (steps, batch, 4 · hidden; gates in ONNX's order), R (4 · hidden, hidden), initial h and c
 * (batch, hidden), peephole weights (3 · hidden) and lengths (batch; i32), both optional. Outputs: every h
 * (steps, batch, hidden), the last h and c.
 */
export const lstm = defineOperation({ reverse: "integer", clip: "real" }, (lowering, { reverse, clip }) => {
  const { values, hidden, state, lengths } = readRecurrence(lowering, 4);
  const initialC = state(3, "initial c");
  const peephole = lowering.optional(4, "f32");
  if (peephole !== null) lowering.expect("number of peephole weights", peephole.count, 3 * hidden);
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
    const bias = lowering.optional(3, "f32");
    if (bias !== null) lowering.expect("elements of the recurrence bias", bias.count, 3 * hidden);
    lowering.step("f32_gru", {
      ...values,
      reverse,
      clip,
      linearBeforeReset,
      recurrenceBias: bias?.pointer ?? 0,
      lengths: lengths(4),
    });
  },
);

function readRecurrence(lowering: Lowering, gates: number) {
  const [xw, weights, output] = [
    lowering.input(0, "f32"),
    lowering.input(1, "f32"),
    lowering.output(0, "f32"),
  ];
  lowering.expect("dimensions of the output", output.shape.length, 3);
  const [steps, batch, hidden] = output.shape as [number, number, number];
  lowering.expect("elements of the inputs", xw.count, steps * batch * gates * hidden);
  lowering.expect("number of recurrence weights", weights.count, gates * hidden * hidden);
  const state = (index: number, title: string) => {
    const tensor = lowering.input(index, "f32");
    lowering.expect(`elements of ${title}`, tensor.count, batch * hidden);
    return tensor.pointer;
  };
  for (let index = 1; index < lowering.outputCount; index++) {
    lowering.expect("elements of a last state", lowering.output(index, "f32").count, batch * hidden);
  }
  lowering.work(steps * batch * hidden, gates * hidden);
  return {
    hidden,
    state,
    lengths: (index: number) => {
      const tensor = lowering.optional(index, "i32");
      if (tensor !== null) lowering.expect("number of lengths", tensor.count, batch);
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
