// What cameras and scanners do to pictures: blur and noise. Integers only.
import type { RgbImage } from "../../../tasks/image.ts";
import type { Random } from "./random.ts";

/** `passes` times the mean over 1-2-1 in both directions; the border goes on. */
export function blurImage(image: RgbImage, passes: number): RgbImage {
  const { width, height } = image;
  let data = image.data;
  for (let pass = 0; pass < passes; pass++) {
    const next = new Uint8Array(data.length);
    for (let y = 0; y < height; y++) {
      const rows = [Math.max(y - 1, 0), y, y, Math.min(y + 1, height - 1)];
      for (let x = 0; x < width; x++) {
        const columns = [Math.max(x - 1, 0), x, x, Math.min(x + 1, width - 1)];
        for (let channel = 0; channel < 3; channel++) {
          let sum = 8;
          for (const row of rows)
            for (const column of columns) sum += data[(row * width + column) * 3 + channel]!;
          next[(y * width + x) * 3 + channel] = sum >> 4;
        }
      }
    }
    data = next;
  }
  return { width, height, data };
}

/** Adds to every byte the difference of two even draws from 0 to `amount`. */
export function addNoise(image: RgbImage, amount: number, random: Random): RgbImage {
  const data = image.data.map((byte) => {
    const noisy = byte + random.integer(0, amount) - random.integer(0, amount);
    return Math.min(Math.max(noisy, 0), 255);
  });
  return { ...image, data };
}
