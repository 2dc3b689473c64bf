// Test data that other projects made, beside the repository. Where it is absent a test says so and returns.

import { existsSync, readFileSync } from "node:fs";
import type { TestContext } from "node:test";

const PEER = new URL("../../../shared/peer/", import.meta.url);

/** The parsed JSON file, or null after a diagnostic. */
export function readPeer(context: TestContext, path: string): unknown {
  const url = new URL(path, PEER);
  if (!existsSync(url)) {
    context.diagnostic(`peer data ${path} is not here; this run does not check it`);
    return null;
  }
  return JSON.parse(readFileSync(url, "utf8"));
}
