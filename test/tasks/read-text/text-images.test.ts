// The rendered pictures: the same bytes everywhere, and no text in common between those that calibrate and those that
// judge.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Random } from "../../../cli/artifacts/calibration/random.ts";
import { CALIBRATING, JUDGING, writeLine } from "../../../cli/artifacts/calibration/sentences.ts";
import {
  calibrationPictures,
  judgingLines,
  judgingPages,
} from "../../../cli/artifacts/calibration/text-images.ts";
import type { RgbImage } from "../../../tasks/image.ts";

const digest = (images: readonly RgbImage[]) => {
  const hash = createHash("sha256");
  for (const { width, height, data } of images) hash.update(`${width}×${height}`).update(data);
  return hash.digest("hex").slice(0, 16);
};

test("calibration pictures are these bytes on every machine", async () => {
  assert.equal(digest(await calibrationPictures(8)), "9bfea39e2131e015");
});

test("more pictures begin with the same ones", async () => {
  const [few, more] = [await judgingLines(3), await judgingLines(5)];
  assert.deepEqual(
    more.slice(0, 3).map(({ lines }) => lines),
    few.map(({ lines }) => lines),
  );
  assert.equal(digest(more.slice(0, 3).map(({ image }) => image)), digest(few.map(({ image }) => image)));
});

test("a picture has ink, and a page twelve lines", async () => {
  for (const { image, lines } of [...(await judgingLines(6)), ...(await judgingPages(2))]) {
    assert.ok(lines.length === 1 || lines.length === 12);
    const [least, most] = image.data.reduce(
      ([low, high], byte) => [Math.min(low, byte), Math.max(high, byte)],
      [255, 0],
    );
    assert.ok(most - least > 60, `from ${least} to ${most}`);
  }
});

test("no noun, verb, adjective or place of one vocabulary is in the other", () => {
  for (const kind of ["subjects", "verbs", "objects", "adjectives", "places"] as const) {
    assert.deepEqual(
      JUDGING[kind].filter((word) => CALIBRATING[kind].includes(word)),
      [],
    );
  }
});

test("lines hold printable ASCII, single blanks and none at an end", () => {
  const random = new Random(9);
  for (let count = 0; count < 500; count++) assert.match(writeLine(JUDGING, random), /^[!-~]+(?: [!-~]+)*$/);
});
