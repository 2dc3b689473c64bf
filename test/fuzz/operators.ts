// Every operator that the fuzzer writes, in all the forms that it knows.
import { CONTRIB } from "./operators/contrib.ts";
import { CONTROL } from "./operators/control.ts";
import { CREATE } from "./operators/create.ts";
import { ELEMENTWISE } from "./operators/elementwise.ts";
import { GATHER } from "./operators/gather.ts";
import { LAYOUT } from "./operators/layout.ts";
import { PRODUCT } from "./operators/product.ts";
import { QUANTIZED } from "./operators/quantized.ts";
import { REDUCTION } from "./operators/reduce.ts";
import type { RuleTable } from "./operators/rule.ts";
import { WINDOW } from "./operators/window.ts";

export const RULES: RuleTable = {
  ...ELEMENTWISE,
  ...LAYOUT,
  ...WINDOW,
  ...PRODUCT,
  ...REDUCTION,
  ...GATHER,
  ...CONTROL,
  ...QUANTIZED,
  ...CREATE,
  ...CONTRIB,
};
