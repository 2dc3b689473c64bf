// Connected regions of a probability map. attacker-controlled: a map may hold anything, so time and memory are linear
// in its pixels, whatever it holds.
import type { Point } from "./quad.ts";

export interface ProbabilityMap {
  readonly width: number;
  readonly height: number;
  /** (height, width) */
  readonly values: Float32Array;
}

export interface Region {
  readonly pixels: number;
  /** Mean probability of its pixels. */
  readonly score: number;
  /** Its first and its last pixel in every row that it touches; it has the hull of these. */
  readonly points: readonly Point[];
}

/**
 * Regions of pixels above `threshold`, neighbours also across corners, of `minPixels` or more; the largest `limit` of
 * them, larger ones first. By runs: one pass joins each run with those that it touches in the row above, a second one
 * adds up.
 */
export function findRegions(
  { width, height, values }: ProbabilityMap,
  threshold: number,
  { minPixels, limit }: { readonly minPixels: number; readonly limit: number },
): Region[] {
  const runs = findRuns({ width, height, values }, threshold);
  const parents = joinRuns(runs);
  const sizes = new Int32Array(runs.length);
  const sums = new Float64Array(runs.length);
  for (const [index, { row, start, end }] of runs.entries()) {
    const root = findRoot(parents, index);
    sizes[root]! += end - start;
    for (let x = start; x < end; x++) sums[root]! += values[row * width + x]!;
  }
  const kept = [...sizes.keys()]
    .filter((root) => sizes[root]! >= minPixels)
    .sort((a, b) => sizes[b]! - sizes[a]! || a - b)
    .slice(0, limit);
  const points = new Map<number, Point[]>(kept.map((root) => [root, []]));
  for (const [index, { row, start, end }] of runs.entries()) {
    const ends = points.get(findRoot(parents, index));
    if (ends === undefined) continue;
    if (ends.at(-1)?.y === row) ends.pop();
    else ends.push({ x: start, y: row });
    ends.push({ x: end - 1, y: row });
  }
  return kept.map((root) => ({
    pixels: sizes[root]!,
    score: sums[root]! / sizes[root]!,
    points: points.get(root)!,
  }));
}

interface Run {
  readonly row: number;
  readonly start: number;
  /** One past its last pixel. */
  readonly end: number;
}

function findRuns({ width, height, values }: ProbabilityMap, threshold: number): Run[] {
  const runs: Run[] = [];
  for (let row = 0; row < height; row++) {
    let start = -1;
    for (let x = 0; x <= width; x++) {
      const inside = x < width && values[row * width + x]! > threshold;
      if (inside && start < 0) start = x;
      if (inside || start < 0) continue;
      runs.push({ row, start, end: x });
      start = -1;
    }
  }
  return runs;
}

/** Of each run the index of an earlier or the same run of its region; the root of a region is its own. */
function joinRuns(runs: readonly Run[]): Int32Array {
  const parents = Int32Array.from(runs.keys());
  let above = 0;
  for (const [index, run] of runs.entries()) {
    // Runs are in order, so those of the row above that end before this one begins are never needed again.
    const isPast = ({ row, end }: Run) => row < run.row - 1 || (row < run.row && end < run.start);
    while (isPast(runs[above]!)) above++;
    for (let other = above; other < index; other++) {
      const { row, start } = runs[other]!;
      if (row === run.row || start > run.end) break;
      const [a, b] = [findRoot(parents, other), findRoot(parents, index)];
      parents[Math.max(a, b)] = Math.min(a, b);
    }
  }
  return parents;
}

/** Halves the way to the root as it goes, which keeps the ways short. */
function findRoot(parents: Int32Array, index: number): number {
  let at = index;
  while (parents[at] !== at) {
    parents[at] = parents[parents[at]!]!;
    at = parents[at]!;
  }
  return at;
}
