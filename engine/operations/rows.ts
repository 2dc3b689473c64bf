// Operations on rows: the last axis of a tensor.
import type { Lowering } from "../lowering.ts";
import { defineOperation } from "./define.ts";

/** Each row to probabilities. */
export const softmax = defineOperation({}, (lowering) => {
  lowering.step("f32_softmax", readRows(lowering));
});

/** The logarithms of softmax. */
export const log_softmax = defineOperation({}, (lowering) => {
  lowering.step("f32_logsoftmax", readRows(lowering));
});

/** (x − mean) / √(variance + epsilon) · gamma + beta, or x / √(mean square + epsilon) · gamma + beta if not centred. */
export const normalize = defineOperation(
  { epsilon: "real", centred: "integer" },
  (lowering, { epsilon, centred }) => {
    const values = readRows(lowering);
    const [gamma, beta] = [lowering.optional(1, "f32"), lowering.optional(2, "f32")];
    for (const factor of [gamma, beta]) {
      if (factor !== null) lowering.expect("elements of a factor", factor.count, values.columns);
    }
    lowering.need(epsilon >= 0, `epsilon is ${epsilon}, want 0 or more`);
    lowering.need(values.columns > 0, "the rows are empty, want a mean of something");
    lowering.step("f32_layernorm", {
      ...values,
      gamma: gamma?.pointer ?? 0,
      beta: beta?.pointer ?? 0,
      epsilon,
      centred,
    });
  },
);

function readRows(lowering: Lowering) {
  const [input, output] = [lowering.input(0, "f32"), lowering.output(0, "f32")];
  lowering.expect("elements of the input", input.count, output.count);
  lowering.work(output.count);
  const columns = output.shape.at(-1) ?? 1;
  const rows = columns === 0 ? 0 : output.count / columns;
  return { input: input.pointer, output: output.pointer, rows, columns };
}
