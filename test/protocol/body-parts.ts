// How much is read of a body that a program made and of one that came over the wire. Runs on every runtime.

import { readBounded } from "../../protocol/body.ts";

/** Bytes that were read of each, or null where they were too many: of a stream in parts, and of a response. */
export default async function readParts({
  parts,
  bytes,
  maxBytes,
}: {
  readonly parts: number;
  readonly bytes: number; // of each part
  readonly maxBytes: number;
}): Promise<(number | null)[]> {
  let left = parts;
  const made = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(bytes));
      else controller.close();
    },
  });
  const sent = new Response(new Uint8Array(parts * bytes)).body;
  const read = [await readBounded(made, maxBytes, null), await readBounded(sent, maxBytes, null)];
  return read.map((body) => body?.length ?? null);
}
