// Upsample (until 9) and Resize-10 as the Resize of today.
//
// Both sample at x / scale ("asymmetric"). Nearest takes the element below when it enlarges; Resize-10 takes the one
// above when it shrinks, as the examples of its specification show.
import type { Node } from "../../graph.ts";
import {
  float32s,
  numberOf,
  numbersOf,
  type Translate,
  type Translation,
  textOf,
  unsupported,
  withAttributes,
} from "../translation.ts";

const upsample: Translate = (node, version, translation) => {
  let scales = node.inputs[1] ?? "";
  if (version < 9) {
    const values =
      version < 7
        ? [1, 1, numberOf(node, "height_scale", 1), numberOf(node, "width_scale", 1)]
        : numbersOf(node, "scales", []);
    scales = translation.addConstant(`${node.name}:scales`, float32s(values));
  }
  const bare = withAttributes(node, { scales: null, height_scale: null, width_scale: null });
  return resizeFrom(bare, scales, "floor");
};

const resize: Translate = (node, version, translation) => {
  if (version === 10) {
    const scales = node.inputs[1] ?? "";
    return resizeFrom(
      node,
      scales,
      textOf(node, "mode", "nearest") === "nearest" ? roundingOf(node, translation) : "floor",
    );
  }
  // In 11 and 12 roi and scales had to be there, and were empty where they meant nothing.
  return {
    ...node,
    inputs: node.inputs.map((name, index) =>
      index > 0 && translation.constant(name)?.data.length === 0 ? "" : name,
    ),
  };
};

function roundingOf(node: Node, translation: Translation): "floor" | "ceil" {
  const scales = translation.constant(node.inputs[1] ?? "")?.data;
  if (scales === undefined) throw unsupported(node, "scales that are computed, before opset 11");
  if (scales.every((scale) => Number(scale) >= 1)) return "floor";
  if (scales.every((scale) => Number(scale) <= 1)) return "ceil";
  throw unsupported(node, "scales above and below 1, before opset 11");
}

function resizeFrom(node: Node, scales: string, rounding: "floor" | "ceil"): Node {
  const mode = textOf(node, "mode", "nearest");
  return {
    ...withAttributes(node, {
      mode: mode === "bilinear" ? "linear" : mode,
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: rounding,
    }),
    op: "Resize",
    inputs: [node.inputs[0] ?? "", "", scales],
  };
}

/** GridSample-16 called its modes otherwise. */
const gridSample: Translate = (node, version) => {
  if (version >= 20) return node;
  const mode = textOf(node, "mode", "bilinear");
  return withAttributes(node, { mode: mode === "bilinear" ? "linear" : mode === "bicubic" ? "cubic" : mode });
};

export const RESIZE: Readonly<Record<string, Translate>> = {
  Upsample: upsample,
  Resize: resize,
  GridSample: gridSample,
};
