// A page of text to read, for whoever has none at hand: rendered once, the same on every machine.
import { access } from "node:fs/promises";
import { encode } from "fast-png";
import { judgingPages } from "../artifacts/calibration/text-images.ts";
import { writeWholeFile } from "../files.ts";
import { SAMPLE_PAGE } from "../state.ts";

export async function ensureSamplePage(): Promise<void> {
  const isThere = await access(SAMPLE_PAGE).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const [page] = await judgingPages(1);
  const { width, height, data } = page!.image;
  await writeWholeFile(SAMPLE_PAGE, encode({ width, height, data, channels: 3 }));
}
