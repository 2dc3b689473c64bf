// Test vectors that other projects made; test/vectors/README.md says which, and under what licence.

import { readFileSync } from "node:fs";

const VECTORS = new URL("../vectors/", import.meta.url);

/** The parsed JSON file. */
export function readVectors(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, VECTORS), "utf8"));
}
