// Test data that other projects made, beside the repository. Where it is absent a test is skipped: it never passes
// without having looked.

import { existsSync, readFileSync } from "node:fs";
import type { TestContext } from "node:test";

const PEER = new URL("../../../shared/peer/", import.meta.url);

/** The parsed JSON file; null, and the test is skipped, where it is absent: the caller returns then. */
export function readPeer(context: TestContext, path: string): unknown {
  const url = new URL(path, PEER);
  if (!existsSync(url)) {
    context.skip(`the test data shared/peer/${path} is not beside the repository`);
    return null;
  }
  return JSON.parse(readFileSync(url, "utf8"));
}
