// End to end with the float originals, and with workers that answer anything.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createOrtAsk, readCharacters } from "../../../bench/ort-ocr.ts";
import { drawText } from "../../../cli/artifacts/calibration/renderer.ts";
import type { Tensor } from "../../../protocol/tensor.ts";
import type { RgbImage } from "../../../tasks/image.ts";
import { readText } from "../../../tasks/read-text/read-text.ts";

type Ask = Parameters<typeof readText>[2];

const LINES = ["Opening hours", "Monday to Friday", "09:30 to 17:45", "closed on Sunday!"];
const characters = readCharacters();
let ask: Ask;
before(async () => {
  ask = await createOrtAsk();
});

function drawPage(turn: number): Promise<RgbImage> {
  const spans = LINES.map((text, index) => ({
    text,
    font: "DejaVuSans",
    size: 28,
    x: 60,
    y: 90 + 60 * index,
  }));
  return drawText({ width: 420, height: 360, spans, ink: "#1a1a1a", paper: "#f5f1e6", turn });
}

const read = async (image: RgbImage) => (await readText(image, characters, ask)).lines;

for (const turn of [0, -4, 5]) {
  test(`reads a page turned by ${turn}° exactly`, async () => {
    const lines = await read(await drawPage(turn));
    assert.deepEqual(
      lines.map(({ text }) => text),
      LINES,
    );
    assert.ok(lines.every(({ confidence }) => confidence > 0.9 && confidence <= 1));
  });
}

test("reads a page that stands on its head, and boxes start where the text starts", async () => {
  const lines = await read(await drawPage(180));
  assert.deepEqual(lines.map(({ text }) => text).sort(), [...LINES].sort());
  for (const { box } of lines) assert.ok(box[0].x > box[1].x && box[0].y > box[3].y);
});

test("reads lines that run upwards", async () => {
  const { width, height, data } = await drawPage(0);
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const target = ((width - 1 - x) * height + y) * 3;
      turned.set(data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3), target);
    }
  const lines = await read({ width: height, height: width, data: turned });
  assert.deepEqual(lines.map(({ text }) => text).sort(), [...LINES].sort());
});

test("finds nothing on an empty page, and on one of a single pixel", async () => {
  const paper = (width: number, height: number) => ({
    width,
    height,
    data: new Uint8Array(width * height * 3).fill(240),
  });
  assert.deepEqual(await read(paper(200, 100)), []);
  assert.deepEqual(await read(paper(1, 1)), []);
});

const floats = (shape: readonly number[], values: (index: number) => number): Tensor => {
  const count = shape.reduce((product, size) => product * size, 1);
  const data = new Uint8Array(Float32Array.from({ length: count }, (_, index) => values(index)).buffer);
  return { dtype: "f32", shape, data };
};

/** A worker whose detector finds one line, whose other models answer what is given. */
const answering =
  (orient: (count: number) => Tensor[], recognise: (count: number, steps: number) => Tensor[]): Ask =>
  async (model, [input]) => {
    const [count, height, width] = input!.shape as [number, number, number];
    if (model === "ocr-detect")
      return [
        floats([1, 1, height, width], (index) => {
          const row = Math.floor(index / width);
          return row > 10 && row < 20 && index % width > 10 && index % width < 50 ? 1 : 0;
        }),
      ];
    return model === "ocr-orient" ? orient(count) : recognise(count, width / 8);
  };
const blank: RgbImage = { width: 64, height: 32, data: new Uint8Array(64 * 32 * 3) };
const upright = (count: number) => [floats([count, 2], (index) => 1 - (index % 2))];
const classes = (shape: readonly number[], value: number): Tensor => ({
  dtype: "i32",
  shape,
  data: new Uint8Array(Int32Array.from({ length: shape[0]! * shape[1]! }, () => value).buffer),
});

test("leaves out what the model is unsure of", async () => {
  const sure = (probability: number) =>
    readText(
      blank,
      ["x"],
      answering(upright, (count, steps) => [
        classes([count, steps], 1),
        floats([count, steps], () => probability),
      ]),
    );
  assert.deepEqual(
    (await sure(0.75)).lines.map(({ text }) => text),
    ["x"],
  );
  assert.deepEqual((await sure(0.25)).lines, []);
});

const certain = (count: number, steps: number) => floats([count, steps], () => 1);
for (const [title, wrong] of [
  ["no map", async () => []],
  ["a map of another size", async () => [floats([1, 1, 32, 32], () => 1)]],
  ["a map of bytes", async () => [{ dtype: "u8", shape: [1, 1, 32, 64], data: new Uint8Array(2048) }]],
  [
    "no orientation",
    answering(
      () => [],
      () => [],
    ),
  ],
  ["no probabilities", answering(upright, (count, steps) => [classes([count, steps], 1)])],
  [
    "too few steps",
    answering(upright, (count, steps) => [classes([count, steps - 1], 1), certain(count, steps - 1)]),
  ],
  [
    "a class that does not exist",
    answering(upright, (count, steps) => [classes([count, steps], 3), certain(count, steps)]),
  ],
] as const satisfies readonly (readonly [string, Ask])[]) {
  test(`refuses ${title}`, async () => {
    await assert.rejects(readText(blank, ["x"], wrong), { code: "output_invalid" });
  });
}
