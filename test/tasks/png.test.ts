import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { encode } from "fast-png";
import { MAX_IMAGE_BYTES } from "../../tasks/limits.ts";
import { decodePng } from "../../tasks/png.ts";
import { CHANNELS, chunk, END, file, filterLines, header, type PngSpec, writePng } from "./png-writer.ts";

const KINDS = [
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
] as const;

/** Colours by the definition: samples as shares of their maximum, laid over white in two roundings. */
function model(spec: PngSpec): number[] {
  const { colour, depth, samples, palette = [], transparency = [] } = spec;
  const channels = CHANNELS[colour];
  const maximum = 2 ** depth - 1;
  const round = (sample: number) => Math.round((255 * sample) / maximum);
  const over = (value: number, alpha: number) => 255 - Math.round(((255 - value) * alpha) / 255);
  const clear = Array.from(
    { length: channels },
    (_, index) => 256 * transparency[2 * index]! + transparency[2 * index + 1]!,
  );
  return Array.from({ length: samples.length / channels }, (_, index) => {
    const pixel = samples.slice(index * channels, (index + 1) * channels);
    const [first, second, third, fourth] = pixel as [number, number, number, number];
    const isClear = transparency.length > 0 && pixel.every((value, channel) => value === clear[channel]);
    if (colour === 3) {
      const alpha = transparency[first] ?? 255;
      return palette.slice(3 * first, 3 * first + 3).map((value) => over(value, alpha));
    }
    if (colour === 4) return Array(3).fill(over(round(first), round(second)));
    if (colour === 6) return [first, second, third].map((value) => over(round(value), round(fourth)));
    if (isClear) return [255, 255, 255];
    return colour === 0 ? Array(3).fill(round(first)) : pixel.map(round);
  }).flat();
}

for (const [colour, depths] of KINDS) {
  for (const depth of depths) {
    const maximum = 2 ** depth - 1;
    const side = fc.integer({ min: 1, max: 11 });
    const byte = fc.integer({ min: 0, max: 255 });
    const specs = fc.record({ width: side, height: side, isInterlaced: fc.boolean() }).chain((shape) => {
      const count = shape.width * shape.height * CHANNELS[colour];
      const entries = colour === 3 ? maximum + 1 : 0;
      return fc
        .record({
          samples: fc.array(fc.integer({ min: 0, max: maximum }), { minLength: count, maxLength: count }),
          palette: fc.array(byte, { minLength: 3 * entries, maxLength: 3 * entries }),
          alphas: fc.array(byte, { maxLength: entries }),
          hasTransparency: fc.boolean(),
          filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 7 }),
        })
        .map(
          ({ samples, palette, alphas, hasTransparency, filters }): PngSpec => ({
            ...shape,
            colour,
            depth,
            samples,
            filter: (line) => filters[line % filters.length]!,
            ...(colour === 3 ? { palette, transparency: alphas } : {}),
            // The colour of the first pixel is the transparent one.
            ...((colour === 0 || colour === 2) && hasTransparency
              ? {
                  transparency: samples
                    .slice(0, CHANNELS[colour])
                    .flatMap((value) => [value >> 8, value & 255]),
                }
              : {}),
          }),
        );
    });
    test(`decodes colour type ${colour} with ${depth} bits as the definition says, interlaced or not`, () => {
      fc.assert(
        fc.property(specs, (spec) => {
          const image = decodePng(writePng(spec));
          assert.deepEqual([image.width, image.height], [spec.width, spec.height]);
          assert.deepEqual([...image.data], model(spec));
        }),
        { seed: colour * 100 + depth, numRuns: 30 },
      );
    });
  }
}

for (const channels of [1, 2, 3, 4] as const) {
  test(`decodes what another encoder makes of ${channels} channels`, () => {
    const data = Uint8Array.from({ length: 31 * 17 * channels }, (_, index) => (index * 7919) & 255);
    const { data: pixels } = decodePng(encode({ width: 31, height: 17, channels, data }));
    const spec = {
      width: 31,
      height: 17,
      depth: 8,
      isInterlaced: false,
      samples: [...data],
      filter: () => 0,
    };
    assert.deepEqual(
      [...pixels],
      model({ ...spec, colour: ({ 1: 0, 2: 4, 3: 2, 4: 6 } as const)[channels] }),
    );
  });
}

const grey: PngSpec = {
  width: 3,
  height: 2,
  colour: 0,
  depth: 8,
  isInterlaced: false,
  samples: [1, 2, 3, 4, 5, 6],
  filter: () => 1,
};
const pixels = (spec: PngSpec) => chunk("IDAT", deflateSync(filterLines(spec)));
const whole = writePng(grey);

test("takes the default picture of an animation and looks into no other chunk", () => {
  const noise = new Uint8Array(40).fill(0xff);
  const animated = file(
    header(grey),
    chunk("acTL", noise),
    chunk("iCCP", noise),
    chunk("zTXt", noise),
    chunk("fcTL", noise),
    pixels(grey),
    chunk("fcTL", noise),
    chunk("fdAT", noise),
    END,
  );
  assert.deepEqual(decodePng(animated).data, decodePng(whole).data);
});

/** Black, 16 bits and four channels: 400 MB in 400 KB. */
const bomb = deflateSync(new Uint8Array(64 * 1024 * 1024));
const paletted = { ...grey, colour: 3 } as const;
const refusals: [string, Uint8Array, string][] = [
  ["an empty file", new Uint8Array(), "image_unsupported"],
  ["text", new TextEncoder().encode("not a picture at all"), "image_unsupported"],
  ["a JPEG", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16), "image_unsupported"],
  ["a file of too many bytes", new Uint8Array(MAX_IMAGE_BYTES + 1), "image_too_large"],
  ["a picture of 0×0", file(header({ ...grey, width: 0, height: 0 }), pixels(grey), END), "image_empty"],
  ["a picture of 5×0", file(header({ ...grey, width: 5, height: 0 }), pixels(grey), END), "image_empty"],
  [
    "a picture of 20000×20000",
    file(header({ ...grey, width: 20_000, height: 20_000 }), END),
    "image_too_large",
  ],
  [
    "the largest size there is",
    file(header({ ...grey, width: 2 ** 32 - 1, height: 2 ** 32 - 1 }), END),
    "image_too_large",
  ],
  [
    "7000×7000 in a few bytes",
    file(header({ ...grey, width: 7000, height: 7000 }), pixels(grey), END),
    "image_truncated",
  ],
  ["one line too few", file(header({ ...grey, height: 3 }), pixels(grey), END), "image_truncated"],
  ["one line too many", file(header({ ...grey, height: 1 }), pixels(grey), END), "image_too_large"],
  ["64 MiB out of 64 KB", file(header(grey), chunk("IDAT", bomb), END), "image_too_large"],
  ["no pixels", file(header(grey), END), "image_unsupported"],
  [
    "pixels that are not deflated",
    file(header(grey), chunk("IDAT", new Uint8Array(40).fill(7)), END),
    "image_unsupported",
  ],
  ["no header", file(pixels(grey), END), "image_unsupported"],
  ["a short header", file(chunk("IHDR", new Uint8Array(12)), pixels(grey), END), "image_unsupported"],
  ["5 bits", file(header({ ...grey, depth: 5 }), pixels(grey), END), "image_unsupported"],
  ["colour type 1", file(header({ ...grey, colour: 1 as 0 }), pixels(grey), END), "image_unsupported"],
  ["a palette of 16 bits", file(header({ ...paletted, depth: 16 }), pixels(grey), END), "image_unsupported"],
  ["no palette where one is needed", file(header(paletted), pixels(paletted), END), "image_unsupported"],
  [
    "an empty palette",
    file(header(paletted), chunk("PLTE", new Uint8Array()), pixels(paletted), END),
    "image_unsupported",
  ],
  [
    "a palette of 257",
    file(header(paletted), chunk("PLTE", new Uint8Array(771)), pixels(paletted), END),
    "image_unsupported",
  ],
  [
    "a colour that the palette lacks",
    writePng({ ...paletted, palette: [1, 2, 3, 4, 5, 6] }),
    "image_unsupported",
  ],
  [
    "more alphas than colours",
    writePng({ ...paletted, palette: Array(21).fill(9), transparency: Array(8).fill(1) }),
    "image_unsupported",
  ],
  [
    "filter 5",
    file(header(grey), chunk("IDAT", deflateSync(Uint8Array.of(5, 1, 2, 3, 0, 4, 5, 6))), END),
    "image_unsupported",
  ],
  [
    "an unknown chunk that decides",
    file(header(grey), chunk("FOUR", new Uint8Array(4)), pixels(grey), END),
    "image_unsupported",
  ],
  ["a file without its end", whole.subarray(0, whole.length - 12), "image_truncated"],
];

for (const [title, bytes, code] of refusals) {
  test(`refuses ${title} with ${code}`, () => {
    assert.throws(() => decodePng(bytes), { name: "TaskError", code });
  });
}

test("every truncation, and every byte that is changed, is refused with a code", () => {
  for (let length = 0; length < whole.length; length++)
    assert.throws(() => decodePng(whole.subarray(0, length)), { name: "TaskError" }, `${length} bytes`);
  for (let index = 0; index < whole.length; index++) {
    const changed = Uint8Array.from(whole, (byte, at) => (at === index ? byte ^ 0x24 : byte));
    assert.throws(() => decodePng(changed), { name: "TaskError" }, `byte ${index}`);
  }
});

test("noise inside chunks whose checksums hold is decoded or refused with a code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(), (noise, at) => {
      const stream = Uint8Array.from(deflateSync(filterLines(grey)));
      stream.set(noise.subarray(0, stream.length - (at % stream.length)), at % stream.length);
      try {
        decodePng(file(header(grey), chunk("IDAT", stream), END));
      } catch (error) {
        assert.equal((error as Error).name, "TaskError", String(error));
      }
    }),
    { seed: 3, numRuns: 500 },
  );
});
