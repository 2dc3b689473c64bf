// Pictures as one tensor of bytes: (count, height, width, 3), blue first, as the models were trained.
import type { Tensor } from "../../protocol/tensor.ts";
import type { RgbImage } from "../image.ts";

/** (b − 127.5) / 127.5 is what lines are normalised to; PaddleOCR fills up with 0, and 127 is nearest to that. */
const PADDING = 127;

/** Pictures of the same height, filled up on the right to one width. */
export function packImages(images: readonly RgbImage[], width: number, height: number): Tensor {
  const data = new Uint8Array(images.length * height * width * 3).fill(PADDING);
  for (const [index, image] of images.entries()) {
    for (let y = 0; y < height; y++) {
      let target = (index * height + y) * width * 3;
      for (let source = y * image.width * 3; source < (y + 1) * image.width * 3; source += 3) {
        data[target++] = image.data[source + 2]!;
        data[target++] = image.data[source + 1]!;
        data[target++] = image.data[source]!;
      }
    }
  }
  return { dtype: "u8", shape: [images.length, height, width, 3], data };
}
