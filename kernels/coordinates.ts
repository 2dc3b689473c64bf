// Where in the input a pixel of a resized axis lies: the formulas of ONNX's Resize, each step rounded to f32.
//   half_pixel          (o + 0.5) / scale − 0.5
//   asymmetric          o / scale
//   align_corners       o · (inputSize − 1) / (outputSize − 1), 0 for an output of one pixel
//   pytorch_half_pixel  as half_pixel, 0 for an output of one pixel
import { COORDINATES_ALIGN_CORNERS, COORDINATES_ASYMMETRIC, COORDINATES_PYTORCH_HALF_PIXEL } from "./operators";

export function inputPosition(coordinates: i32, o: i32, inputSize: i32, outputSize: i32, scale: f32): f32 {
  if (coordinates == COORDINATES_ASYMMETRIC) return <f32>o / scale;
  if (coordinates == COORDINATES_ALIGN_CORNERS) {
    return outputSize == 1 ? 0 : (<f32>o * <f32>(inputSize - 1)) / <f32>(outputSize - 1);
  }
  if (coordinates == COORDINATES_PYTORCH_HALF_PIXEL && outputSize == 1) return 0;
  return (<f32>o + 0.5) / scale - 0.5;
}
