// Pictures that nobody took: crops of two photographs laid over each other, brighter or darker, with noise over every
// byte. Integers only.
import { drawBelow } from "../../client/index.ts";
import type { Bytes } from "../../protocol/bytes.ts";
import { DTYPE_BYTES, type Tensor } from "../../protocol/tensor.ts";
import { cropImage, type RgbImage } from "../../tasks/image.ts";
import { encodeModerate } from "../../tasks/moderate.ts";

type Draw = (length: number) => Bytes;

/** What a secure source gives at once. */
const MAX_DRAW_BYTES = 65_536;
const SWAPS = 32;

/** Two crops of a quarter of the shorter side to all of it, each flipped or not; the first shows at 50 to 100 %. */
export function createPicture(photos: readonly RgbImage[], random: Draw): Tensor {
  const [above, below] = [cropByChance(photos, random), cropByChance(photos, random)];
  const share = between(128, 256, random);
  const data = above.data.map((byte, index) => (byte * share + below.data[index]! * (256 - share)) >> 8);
  return { ...above, data: wearBytes(data, random) };
}

function cropByChance(photos: readonly RgbImage[], random: Draw): Tensor {
  const photo = pick(photos, random);
  const shorter = Math.min(photo.width, photo.height);
  const side = between(shorter >> 2, shorter, random);
  const left = between(0, photo.width - side, random);
  const top = between(0, photo.height - side, random);
  const crop = encodeModerate(cropImage(photo, left, top, side, side));
  return drawBelow(2, random) === 0 ? crop : flip(crop);
}

/** Left to right, of (1, height, width, 3). */
function flip(picture: Tensor): Tensor {
  const width = picture.shape[2]!;
  const data = picture.data.slice();
  for (let pixel = 0; pixel < data.length / 3; pixel++) {
    const column = pixel % width;
    const source = (pixel - column + width - 1 - column) * 3;
    data.set(picture.data.subarray(source, source + 3), pixel * 3);
  }
  return { ...picture, data };
}

/** One of `samples`, pictures in bytes, brighter or darker and with noise: its words stay what they are. */
export function wearPicture(samples: readonly (readonly Tensor[])[], random: Draw): readonly Tensor[] {
  return pick(samples, random).map((tensor) => ({ ...tensor, data: wearBytes(tensor.data, random) }));
}

/** Times 3/4 to 5/4, plus −a to a for each byte, a being 2 to 12. */
function wearBytes(bytes: Bytes, random: Draw): Bytes {
  const gain = between(192, 320, random);
  const amount = between(2, 12, random);
  const worn = new Uint8Array(bytes.length);
  for (let start = 0; start < bytes.length; start += MAX_DRAW_BYTES) {
    const noise = random(Math.min(MAX_DRAW_BYTES, bytes.length - start));
    for (const [index, drawn] of noise.entries()) {
      const value = ((bytes[start + index]! * gain) >> 8) + ((drawn * (2 * amount + 1)) >> 8) - amount;
      worn[start + index] = Math.min(Math.max(value, 0), 255);
    }
  }
  return worn;
}

/** One of `samples` of any type, with up to 32 pairs of elements of its first tensor in each other's place. */
export function swapElements(samples: readonly (readonly Tensor[])[], random: Draw): readonly Tensor[] {
  const [first, ...others] = pick(samples, random);
  const width = DTYPE_BYTES[first!.dtype];
  const data = first!.data.slice();
  const elements = data.length / width;
  for (let swap = 0; swap < SWAPS; swap++) {
    const [a, b] = [drawBelow(elements, random) * width, drawBelow(elements, random) * width];
    const kept = data.slice(a, a + width);
    data.copyWithin(a, b, b + width);
    data.set(kept, b);
  }
  return [{ ...first!, data }, ...others];
}

/** Both included. */
function between(least: number, most: number, random: Draw): number {
  return least + drawBelow(most - least + 1, random);
}

function pick<T>(values: readonly T[], random: Draw): T {
  return values[drawBelow(values.length, random)]!;
}
