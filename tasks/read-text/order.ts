// The order in which one reads: rows from the top, in a row from the left.
import { type Quad, quadHeight } from "./quad.ts";

/** Boxes whose middles are less than half of the smaller height apart stand in one row. */
export function sortBoxes(boxes: readonly Quad[]): Quad[] {
  const placed = boxes.map((box) => ({ box, ...middle(box), height: quadHeight(box) }));
  placed.sort((a, b) => a.y - b.y || a.x - b.x);
  const rows: (typeof placed)[] = [];
  for (const next of placed) {
    const row = rows.at(-1);
    const last = row?.at(-1);
    if (row === undefined || last === undefined || next.y - last.y > Math.min(next.height, last.height) / 2)
      rows.push([next]);
    else row.push(next);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.x - b.x).map(({ box }) => box));
}

function middle(box: Quad): { x: number; y: number } {
  return {
    x: box.reduce((sum, { x }) => sum + x, 0) / 4,
    y: box.reduce((sum, { y }) => sum + y, 0) / 4,
  };
}
